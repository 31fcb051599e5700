{{- define "drop.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 53 | trimSuffix "-" }}
{{- end }}

{{- define "drop.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" }}
{{- else if contains (include "drop.name" .) .Release.Name }}
{{- .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "drop.name" .) | trunc 53 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "drop.selector" -}}
app.kubernetes.io/name: {{ include "drop.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "drop.labels" -}}
{{ include "drop.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "drop.podNamespace" -}}
{{- .Values.podNamespace | default .Release.Namespace }}
{{- end }}

{{- define "drop.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "drop.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "drop.image" -}}
{{- $repository := required "image.repository: say where the image was pushed to" .Values.image.repository }}
{{- with (.Values.global | default dict).imageRegistry }}
{{- /* A first part with a dot or a port, or localhost, is a registry: the global one replaces it. */}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "") }}
{{- end }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "drop.pullPriorityClass" -}}
{{- if .Values.pullPods.priorityClass.create }}
{{- .Values.pullPods.priorityClass.name | default (printf "%s-pull" (include "drop.fullname" .)) }}
{{- else }}
{{- .Values.pullPods.priorityClass.name }}
{{- end }}
{{- end }}

{{- define "drop.certificateSecret" -}}
{{- include "drop.fullname" . }}-metrics-cert
{{- end }}

{{- /* With a gate the operator has to be able to start behind its own taints, and before what waits for it. */}}
{{- define "drop.tolerations" -}}
{{- $all := .Values.tolerations | default list }}
{{- if .Values.warmGate.enabled }}
{{- range concat .Values.warmGate.startupTaints .Values.warmGate.tolerateTaints }}
{{- $all = append $all (dict "key" . "operator" "Exists") }}
{{- end }}
{{- end }}
{{- with $all }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{- define "drop.priorityClass" -}}
{{- .Values.priorityClassName | default (.Values.warmGate.enabled | ternary "system-cluster-critical" "") }}
{{- end }}

{{- /* The subjects of each binding. */}}
{{- define "drop.subjects" -}}
- kind: ServiceAccount
  name: {{ include "drop.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}


{{- /* A map as the operator's options take it: KEY=VALUE, separated by commas. */}}
{{- define "drop.pairs" -}}
{{- $pairs := list }}
{{- range $key, $value := . }}
{{- $text := $value | toString | replace "\\" "\\\\" | replace "," "\\," | replace "$(" "$$(" }}
{{- $pairs = append $pairs (printf "%s=%s" $key $text) }}
{{- end }}
{{- join "," $pairs }}
{{- end }}

{{- /* Resources as the operator's option takes them. */}}
{{- define "drop.pullPodResources" -}}
{{- $pairs := list }}
{{- range $part := list "requests" "limits" }}
{{- range $name, $quantity := index ($.Values.pullPods.resources | default dict) $part }}
{{- $pairs = append $pairs (printf "%s.%s=%s" $part $name ($quantity | toString)) }}
{{- end }}
{{- end }}
{{- join "," $pairs }}
{{- end }}

{{- /* What shapes pull pods, as arguments of the operator. */}}
{{- define "drop.pullPodArgs" -}}
{{- $args := list }}
{{- with .Values.pullPods }}
{{- with include "drop.pairs" .labels }}{{ $args = append $args (printf "--pull-pod-labels=%s" .) }}{{ end }}
{{- with include "drop.pairs" .annotations }}{{ $args = append $args (printf "--pull-pod-annotations=%s" .) }}{{ end }}
{{- $args = append $args (printf "--pull-pod-resources=%s" (include "drop.pullPodResources" $)) }}
{{- range $name := list "User" "Group" }}
{{- $id := index $.Values.pullPods (printf "runAs%s" $name) }}
{{- $text := "none" }}
{{- if not (kindIs "invalid" $id) }}{{ $text = $id | int64 | toString }}{{ end }}
{{- $args = append $args (printf "--pull-pod-%s=%s" (lower $name) $text) }}
{{- end }}
{{- with .serviceAccountName }}{{ $args = append $args (printf "--pull-pod-service-account=%s" .) }}{{ end }}
{{- with .runtimeClassName }}{{ $args = append $args (printf "--pull-pod-runtime-class=%s" .) }}{{ end }}
{{- with .imagePullSecrets }}{{ $args = append $args (printf "--pull-pod-image-pull-secrets=%s" (join "," .)) }}{{ end }}
{{- end }}
{{- with $args }}
{{- toYaml . }}
{{- end }}
{{- end }}
