//go:build tools

// Package apiserver is no program of ours: it pins the kube-apiserver that `npm run build:apiserver` builds for
// `npm run test:kubernetes`, a module of its own so that nothing else depends on it.
package apiserver

import _ "k8s.io/kubernetes/cmd/kube-apiserver"
