{{/*
Names and labels. Every name is <base>-<part>: at most 36 and 15 characters, so that a
StatefulSet's pod labels, Services and what KEDA derives stay under 63.
*/}}

{{- define "pairmill.base" -}}
{{- $whole := .Values.fullnameOverride | default (contains "pairmill" .Release.Name | ternary .Release.Name (printf "%s-pairmill" .Release.Name)) -}}
{{- if gt (len $whole) 36 -}}
{{- printf "%s-%s" (trunc 27 $whole | trimSuffix "-") (sha256sum $whole | trunc 8) -}}
{{- else -}}
{{- $whole | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* (list $ "part") */}}
{{- define "pairmill.name" -}}
{{- printf "%s-%s" (include "pairmill.base" (index . 0)) (index . 1) -}}
{{- end -}}

{{/* A host that resolves from every namespace: (list $ "part") */}}
{{- define "pairmill.host" -}}
{{- printf "%s.%s.svc" (include "pairmill.name" .) (index . 0).Release.Namespace -}}
{{- end -}}

{{/* (list $ "part") */}}
{{- define "pairmill.selector" -}}
app.kubernetes.io/name: pairmill
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* (list $ "part") */}}
{{- define "pairmill.labels" -}}
{{- $root := index . 0 -}}
{{ include "pairmill.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The whole reference of a service's image: (list $ service pool) */}}
{{- define "pairmill.image" -}}
{{- $root := index . 0 -}}{{- $service := index . 1 -}}{{- $pool := index . 2 -}}
{{- $image := $root.Values.image -}}
{{- if hasKey $image.references $service -}}
{{- get $image.references $service -}}
{{- else -}}
{{- if $image.registry }}{{ $image.registry }}/{{ end -}}
{{- $image.repository }}-{{ $service }}:{{ $image.tag | default $root.Chart.AppVersion }}{{ $pool.tagSuffix -}}
{{- with get $image.digests $service }}@{{ . }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The reference of somebody else's image: {repository, tag, digest} */}}
{{- define "pairmill.foreignImage" -}}
{{- .repository }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* The port of host:port, http://… or https://… */}}
{{- define "pairmill.portOf" -}}
{{- $port := regexFind ":[0-9]+/?$" . | trimPrefix ":" | trimSuffix "/" -}}
{{- $port | default (hasPrefix "https://" . | ternary "443" (hasPrefix "http://" . | ternary "80" "6379")) -}}
{{- end -}}
