{{/* Where everything is: what all of Pairmill's pods share. No secret is in here. */}}
{{- define "pairmill.config" -}}
PAIRMILL_CACHE: /var/cache/pairmill
PAIRMILL_OBJECTS: minio
PAIRMILL_QUEUE: celery
PAIRMILL_LEDGER: redis
PAIRMILL_S3__ENDPOINT: {{ include "pairmill.s3Endpoint" . | quote }}
PAIRMILL_S3__BUCKET: {{ .Values.s3.bucket | quote }}
PAIRMILL_S3__PREFIX: {{ .Values.s3.prefix | quote }}
PAIRMILL_S3__REGION: {{ .Values.s3.region | quote }}
PAIRMILL_REDIS__PREFIX: {{ .Values.redis.prefix | quote }}
{{- with .Values.qdrant }}
PAIRMILL_QDRANT__HOST: {{ .bundled.enabled | ternary (include "pairmill.host" (list $ "qdrant")) .external.host | quote }}
PAIRMILL_QDRANT__PORT: {{ .bundled.enabled | ternary 6334 .external.port | quote }}
PAIRMILL_QDRANT__TLS: {{ .bundled.enabled | ternary false .external.tls | quote }}
PAIRMILL_QDRANT__TIMEOUT_SECONDS: {{ .timeoutSeconds | quote }}
{{- end }}
{{- with .Values.settings }}
PAIRMILL_COMMIT_GUARD: {{ .commitGuard }}
PAIRMILL_MAX_ATTEMPTS: {{ .maxAttempts | quote }}
PAIRMILL_LEASE_SECONDS: {{ .leaseSeconds | quote }}
PAIRMILL_BACKOFF_SECONDS: {{ .backoffSeconds | quote }}
PAIRMILL_TICK_SECONDS: {{ .tickSeconds | quote }}
PAIRMILL_RING_AGAIN_SECONDS: {{ .ringAgainSeconds | quote }}
PAIRMILL_NUM_RUNG: {{ .numRung | quote }}
{{- end }}
{{- end -}}

{{- define "pairmill.s3Endpoint" -}}
{{- .Values.s3.bundled.enabled | ternary (printf "http://%s:9000" (include "pairmill.host" (list . "s3"))) .Values.s3.external.endpoint -}}
{{- end -}}

{{/* host:port of Redis, as KEDA wants it */}}
{{- define "pairmill.redisAddress" -}}
{{- .Values.redis.bundled.enabled | ternary (printf "%s:6379" (include "pairmill.host" (list . "redis"))) .Values.redis.external.address -}}
{{- end -}}

{{/* Values that fit their types and yet not one another are refused here. */}}
{{- define "pairmill.check" -}}
{{- range $part, $address := dict "s3" .Values.s3.external.endpoint "redis" .Values.redis.external.address "qdrant" .Values.qdrant.external.host -}}
{{- $here := get $.Values $part -}}
{{- if and (not $here.bundled.enabled) (not $address) -}}
{{- fail (printf "%s: neither bundled nor external: set %s.bundled.enabled=true, or say under %s.external where it is" $part $part $part) -}}
{{- end -}}
{{- if and (not $here.bundled.enabled) (not $here.auth.existingSecret) (ne $part "qdrant") -}}
{{- fail (printf "%s: an external one needs its credentials: put them into a Secret and name it in %s.auth.existingSecret" $part $part) -}}
{{- end -}}
{{- if and $.Values.networkPolicy.enabled (not $here.bundled.enabled) (not $here.external.cidrs) -}}
{{- fail (printf "%s.external.cidrs is empty: with networkPolicy.enabled nothing would reach %s; list its addresses, e.g. [203.0.113.7/32]" $part $part) -}}
{{- end -}}
{{- end -}}
{{- range $name, $worker := .Values.workers -}}
{{- with $worker.llm -}}
{{- if not (hasKey $.Values.llm.pools .) -}}
{{- fail (printf "workers.%s.llm: %q is not in llm.pools, which has: %s" $name . (keys $.Values.llm.pools | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
