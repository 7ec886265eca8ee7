{{/* Names and labels that every template shares. */}}
{{- define "steno.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels of one part: call with (dict "root" . "part" "gateway"). */}}
{{- define "steno.labels" -}}
{{ include "steno.selector" . }}
app.kubernetes.io/part-of: steno
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "steno.selector" -}}
app.kubernetes.io/name: steno-{{ .part }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "steno.image" -}}
{{ .image.repository }}:{{ .image.tag | default .root.Chart.AppVersion }}
{{- end -}}

{{/* Where the store is; credentials come beside it, from the Secret. */}}
{{- define "steno.storeEnv" -}}
- {name: STENO_STORE_BUCKET, value: {{ required "store.bucket is not set: name an existing S3 bucket" .Values.store.bucket | quote }}}
- {name: STENO_STORE_PREFIX, value: {{ .Values.store.prefix | quote }}}
- {name: STENO_STORE_REGION, value: {{ .Values.store.region | quote }}}
{{- with .Values.store.endpoint }}
- {name: STENO_STORE_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- with .Values.store.publicEndpoint }}
- {name: STENO_STORE_PUBLIC_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- end -}}

{{- define "steno.storeSecret" -}}
{{- with .Values.store.existingSecret }}
envFrom:
  - secretRef: {name: {{ . }}}
{{- end }}
{{- end -}}

{{- define "steno.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "steno.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Namespaces of the tenants, as a JSON list; each once, and none the release's own. */}}
{{- define "steno.tenants" -}}
{{- $names := list -}}
{{- range .Values.tenants -}}
{{- if eq .name $.Release.Namespace -}}
{{- fail (printf "tenants: %s is the release's own namespace, which is served anyway" .name) -}}
{{- end -}}
{{- if has .name $names -}}
{{- fail (printf "tenants: %s is named twice" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $names | toJson -}}
{{- end -}}

{{/* Namespaces whose jobs the operator serves, as a JSON list; "*" alone: all of them. */}}
{{- define "steno.watched" -}}
{{- $listed := .Values.operator.watchNamespaces | default (list .Release.Namespace) -}}
{{- if has "*" $listed -}}
{{- list "*" | toJson -}}
{{- else -}}
{{- concat $listed (include "steno.tenants" . | fromJsonArray) | uniq | toJson -}}
{{- end -}}
{{- end -}}

{{/* What the operator may do in each namespace whose jobs it serves. */}}
{{- define "steno.operatorRules" -}}
- apiGroups: [steno.dev]
  resources: [transcriptionjobs]
  verbs: [get, list, watch, patch, delete]
- apiGroups: [steno.dev]
  resources: [transcriptionjobs/status]
  verbs: [patch]
# An owner reference that blocks its owner's deletion needs this where the admission plugin is on (OpenShift).
- apiGroups: [steno.dev]
  resources: [transcriptionjobs/finalizers]
  verbs: [update]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  # A pod that its Job was deleted without is deleted by its name.
  verbs: [get, list, watch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end -}}

{{/* What the names of models stand for that clients of other APIs ask for, as a JSON object: the values', or what the
profiles have. Of several profiles with one model the default one has it, else the first by name. */}}
{{- define "steno.models" -}}
{{- if .Values.gateway.models -}}
{{- .Values.gateway.models | toJson -}}
{{- else -}}
{{- $profiles := .Values.profiles -}}
{{- $models := dict -}}
{{- range $name := prepend (keys $profiles.items | sortAlpha) $profiles.default | uniq -}}
{{- with index $profiles.items $name -}}
{{- if not (hasKey $models .engine.model) -}}
{{- $_ := set $models .engine.model (dict "profile" $name "model" .engine.model) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name := keys $profiles.items -}}
{{- $_ := set $models $name (dict "profile" $name) -}}
{{- end -}}
{{- $_ := set $models "whisper-1" dict -}}
{{- $models | toJson -}}
{{- end -}}
{{- end -}}
