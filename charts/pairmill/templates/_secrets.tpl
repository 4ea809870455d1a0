{{/*
Secrets. Where `existingSecret` is empty, the chart makes one: what is in the cluster is kept,
else a value is drawn, once a rendering, so that every template sees the same one.
*/}}

{{/* The name of a part's secret: (list $ part auth) */}}
{{- define "pairmill.secretName" -}}
{{- (index . 2).existingSecret | default (include "pairmill.name" (list (index . 0) (index . 1))) -}}
{{- end -}}

{{/* A value to keep: (list $ secretName key) */}}
{{- define "pairmill.kept" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}{{- $key := index . 2 -}}
{{- $found := lookup "v1" "Secret" $root.Release.Namespace $name -}}
{{- $data := dict -}}
{{- if $found }}{{ $data = $found.data | default dict }}{{ end -}}
{{- if hasKey $data $key -}}
{{- get $data $key | b64dec -}}
{{- else -}}
{{- if not (hasKey $root.Values "drawn") }}{{ $_ := set $root.Values "drawn" dict }}{{ end -}}
{{- $drawn := $root.Values.drawn -}}
{{- $id := printf "%s/%s" $name $key -}}
{{- if not (hasKey $drawn $id) }}{{ $_ := set $drawn $id (randAlphaNum 32) }}{{ end -}}
{{- get $drawn $id -}}
{{- end -}}
{{- end -}}

{{/* A digest of all secrets that pods read: pods are replaced when one changes. */}}
{{- define "pairmill.secretsDigest" -}}
{{- $root := . -}}
{{- $seen := list -}}
{{- range $part, $auth := include "pairmill.auths" . | fromYaml -}}
{{- $name := include "pairmill.secretName" (list $root $part $auth) -}}
{{- range $key := $auth.keys -}}
{{- if $auth.existingSecret -}}
{{- $found := lookup "v1" "Secret" $root.Release.Namespace $name -}}
{{- $data := dict -}}
{{- if $found }}{{ $data = $found.data | default dict }}{{ end -}}
{{- $seen = append $seen (printf "%s/%s=%s" $name $key (get $data $key)) -}}
{{- else -}}
{{- $seen = append $seen (printf "%s/%s=%s" $name $key (include "pairmill.kept" (list $root $name $key))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $seen | sortAlpha | join "\n" | sha256sum -}}
{{- end -}}

{{/* Every secret that pods read: part → existingSecret, keys. */}}
{{- define "pairmill.auths" -}}
s3: {existingSecret: {{ .Values.s3.auth.existingSecret | quote }}, keys: [{{ .Values.s3.auth.accessKeyKey }}, {{ .Values.s3.auth.secretKeyKey }}]}
redis: {existingSecret: {{ .Values.redis.auth.existingSecret | quote }}, keys: [{{ .Values.redis.auth.passwordKey }}]}
{{- if or .Values.qdrant.bundled.enabled .Values.qdrant.auth.existingSecret }}
qdrant: {existingSecret: {{ .Values.qdrant.auth.existingSecret | quote }}, keys: [{{ .Values.qdrant.auth.apiKeyKey }}]}
{{- end }}
gateway: {existingSecret: {{ .Values.gateway.auth.existingSecret | quote }}, keys: [{{ .Values.gateway.auth.apiKeyKey }}]}
retriever: {existingSecret: {{ .Values.retriever.auth.existingSecret | quote }}, keys: [{{ .Values.retriever.auth.apiKeyKey }}]}
{{- end -}}
