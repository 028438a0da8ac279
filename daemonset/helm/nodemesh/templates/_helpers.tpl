{{- define "nodemesh.traits" -}}
{{- if ne .Release.Namespace "nodemesh-system" }}
{{- fail (printf "expected the release in namespace nodemesh-system, got %s: add --namespace nodemesh-system" .Release.Namespace) }}
{{- end }}
{{- $platforms := `{"generic":{"imagePullPolicy":"IfNotPresent","cniBinFolder":"/opt/cni/bin","cniConfigFolder":"/etc/cni/net.d","cni":true},"kind":{"imagePullPolicy":"Never","cniBinFolder":"/opt/cni/bin","cniConfigFolder":"/etc/cni/net.d","cni":true},"k3s":{"imagePullPolicy":"IfNotPresent","cniBinFolder":"/var/lib/rancher/k3s/data/cni","cniConfigFolder":"/var/lib/rancher/k3s/agent/etc/cni/net.d","cni":true},"gke":{"imagePullPolicy":"IfNotPresent","cniBinFolder":"/home/kubernetes/bin","cniConfigFolder":"/etc/cni/net.d","cni":true},"openshift":{"imagePullPolicy":"IfNotPresent","cniBinFolder":"/var/lib/cni/bin","cniConfigFolder":"/etc/cni/multus/net.d","cni":false}}` | fromJson -}}
{{ get $platforms .Values.platform | toJson }}
{{- end -}}
