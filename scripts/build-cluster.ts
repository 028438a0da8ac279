// `npm run build:cluster`: builds what a whole Kubernetes is made of, API server, scheduler, controllers, kubelet, container
// runtime, network plugins and DNS, for `npm run test:cluster`. Needs Go and its module proxy; some fifteen minutes of two cores,
// then nothing until a pin changes.
import { BUILT_ASSETS, CLUSTER_PROGRAMS } from '../test/support/kubernetes-cluster/assets.ts';
import {
  buildPrograms,
  clusterPrograms,
  kubernetesPrograms,
} from '../test/support/kubernetes-cluster/go-programs.ts';

buildPrograms(kubernetesPrograms(BUILT_ASSETS, ['kube-apiserver']));
for (const programs of clusterPrograms(CLUSTER_PROGRAMS)) buildPrograms(programs);
