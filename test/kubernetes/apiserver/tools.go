//go:build tools

// Package apiserver is no program of ours: it pins the Kubernetes that `npm run build:apiserver` and `npm run build:cluster`
// build for tests, a module of its own so that nothing else depends on it.
package apiserver

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-proxy"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubelet"
)
