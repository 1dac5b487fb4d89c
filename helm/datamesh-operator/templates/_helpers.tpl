{{- define "datamesh.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "datamesh.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "datamesh.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Names of cluster-scoped objects: two releases of one name in two namespaces must not meet. */}}
{{- define "datamesh.clusterName" -}}
{{- $name := include "datamesh.fullname" . }}
{{- if eq $name .Release.Namespace }}
{{- $name }}
{{- else }}
{{- printf "%s-%s" .Release.Namespace $name }}
{{- end }}
{{- end }}

{{- define "datamesh.selectorLabels" -}}
app.kubernetes.io/name: {{ include "datamesh.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "datamesh.labels" -}}
{{ include "datamesh.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: controller
app.kubernetes.io/part-of: datamesh
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "datamesh.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "datamesh.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "datamesh.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "datamesh.embedded" -}}
{{- if eq .Values.lake.type "embedded" }}yes{{ end }}
{{- end }}

{{- /* The embedded lake is one file: a second replica would lead with a lake of its own, so it is refused. */}}
{{- define "datamesh.replicas" -}}
{{- if kindIs "invalid" .Values.replicaCount }}
{{- ternary 1 2 (eq .Values.lake.type "embedded") }}
{{- else }}
{{- if and (include "datamesh.embedded" .) (gt (int .Values.replicaCount) 1) }}
{{- fail "replicaCount must be 1 with lake.type=embedded: the embedded lake is kept on the volume of one pod. Leave replicaCount out, or set lake.type=aws." }}
{{- end }}
{{- if and (gt (int .Values.replicaCount) 1) (not .Values.leaderElection.enabled) }}
{{- fail "leaderElection.enabled must be true when replicaCount is above 1: only one replica may write." }}
{{- end }}
{{- int .Values.replicaCount }}
{{- end }}
{{- end }}

{{- define "datamesh.claimName" -}}
{{- default (printf "%s-state" (include "datamesh.fullname" .)) .Values.lake.embedded.persistence.existingClaim }}
{{- end }}

{{- define "datamesh.leaseNamespace" -}}
{{- default .Release.Namespace .Values.leaderElection.namespace }}
{{- end }}
