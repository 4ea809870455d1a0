{{/* What every pod and container is held to: the restricted standard, and a read-only root. */}}

{{/* the user's id */}}
{{- define "pairmill.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ . }}
  runAsGroup: {{ . }}
  fsGroup: {{ . }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "pairmill.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Where a pod may run: a pool, found by its name: (list $ part pool) */}}
{{- define "pairmill.pool" -}}
{{- $pools := (index . 0).Values.pools -}}
{{- if not (hasKey $pools (index . 2)) -}}
{{- fail (printf "%s: pool %q is not in `pools`, which has: %s" (index . 1) (index . 2) (keys $pools | sortAlpha | join ", ")) -}}
{{- end -}}
{{- $nothing := dict "nodeSelector" dict "tolerations" list "affinity" dict "resource" "nvidia.com/gpu" "count" 0 "tagSuffix" "" "runtimeClassName" "" "priorityClassName" "" -}}
{{- mergeOverwrite $nothing (get $pools (index . 2)) | toYaml -}}
{{- end -}}

{{/* a pool */}}
{{- define "pairmill.placing" -}}
{{- with .nodeSelector -}}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* A part's resources with its pool's accelerators: {resources, pool} */}}
{{- define "pairmill.resources" -}}
{{- $all := deepCopy .resources -}}
{{- if .pool.count -}}
{{- $_ := set $all "limits" (merge (dict .pool.resource (int .pool.count)) ($all.limits | default dict)) -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}
