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

{{- /* The subjects of each binding. */}}
{{- define "drop.subjects" -}}
- kind: ServiceAccount
  name: {{ include "drop.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}
