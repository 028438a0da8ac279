// `npm run build:apiserver`: builds the kube-apiserver that test/kubernetes/apiserver/go.mod pins, for machines without
// KUBEBUILDER_ASSETS. Needs Go and its module proxy; five minutes of two cores, then nothing until the pin changes.
import { BUILT_ASSETS } from '../test/support/kubernetes-cluster/assets.ts';
import { buildPrograms, kubernetesPrograms } from '../test/support/kubernetes-cluster/go-programs.ts';

buildPrograms(kubernetesPrograms(BUILT_ASSETS, ['kube-apiserver']));
