{{/*
The one pod of everything that Pairmill itself runs. It takes a dict:
root, part (the component's name), service (image and module), spec (a part's values),
kind: worker | coordinator | server | job; ports: of a server {grpc, http}; token: gets one.
*/}}
{{- define "pairmill.pod" -}}
{{- $root := .root -}}{{- $spec := .spec -}}{{- $kind := .kind -}}
{{- $pool := include "pairmill.pool" (list $root .part $spec.pool) | fromYaml -}}
metadata:
  labels:
    {{- include "pairmill.selector" (list $root .part) | nindent 4 }}
    pairmill.io/kind: {{ $kind }}
    {{- range $spec.reaches }}
    pairmill.io/reaches-{{ . }}: "true"
    {{- end }}
    {{- with $spec.llm }}
    pairmill.io/reaches-llm-{{ . }}: "true"
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: {{ .service }}
    pairmill.io/config: {{ include "pairmill.config" $root | sha256sum }}
    pairmill.io/secrets: {{ include "pairmill.secretsDigest" $root }}
    {{- with $root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ .token | default false | ternary (include "pairmill.name" (list $root "coordinator")) (include "pairmill.base" $root) }}
  automountServiceAccountToken: {{ .token | default false }}
  enableServiceLinks: false
  {{- if eq $kind "job" }}
  restartPolicy: Never
  {{- end }}
  terminationGracePeriodSeconds: {{ $spec.gracePeriodSeconds }}
  {{- include "pairmill.podSecurity" 10001 | nindent 2 }}
  {{- with $root.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "pairmill.placing" $pool }}{{ . | nindent 2 }}{{ end }}
  containers:
    - name: {{ .service }}
      image: {{ include "pairmill.image" (list $root .service $pool) | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      command: ["python", "-m", "services.{{ .service }}"]
      {{- include "pairmill.containerSecurity" . | nindent 6 }}
      envFrom:
        - configMapRef:
            name: {{ include "pairmill.base" $root }}
      env:
        {{- include "pairmill.env" . | trim | nindent 8 }}
      {{- with include "pairmill.ports" . }}{{ . | nindent 6 }}{{ end }}
      resources:
        {{- include "pairmill.resources" (dict "resources" $spec.resources "pool" $pool) | nindent 8 }}
      terminationMessagePolicy: FallbackToLogsOnError
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        - name: cache
          mountPath: /var/cache/pairmill
        {{- if $spec.shmSize }}
        - name: shm
          mountPath: /dev/shm
        {{- end }}
        {{- if eq $kind "coordinator" }}
        - name: jobs
          mountPath: /etc/pairmill/jobs
          readOnly: true
        {{- end }}
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: {{ $spec.tmpSize }}
    - name: cache
      {{- if $spec.cacheClaim }}
      persistentVolumeClaim:
        claimName: {{ $spec.cacheClaim }}
      {{- else }}
      emptyDir:
        sizeLimit: {{ $spec.cacheSize }}
      {{- end }}
    {{- if $spec.shmSize }}
    - name: shm
      emptyDir:
        medium: Memory
        sizeLimit: {{ $spec.shmSize }}
    {{- end }}
    {{- if eq $kind "coordinator" }}
    - name: jobs
      configMap:
        name: {{ include "pairmill.name" (list $root "jobs") }}
    {{- end }}
{{- end -}}

{{/* What a container listens on and how it is asked: workers and the coordinator on one probe
port, servers on the port of their JSON. A worker has started when its model is loaded. */}}
{{- define "pairmill.ports" -}}
{{- $probes := .root.Values.probes -}}
{{- if ne .kind "job" -}}
{{- $port := eq .kind "server" | ternary "http" "probes" -}}
ports:
  {{- if eq .kind "server" }}
  - name: grpc
    containerPort: {{ .ports.grpc }}
  - name: http
    containerPort: {{ .ports.http }}
  {{- else }}
  - name: probes
    containerPort: 8081
  {{- end }}
startupProbe:
  httpGet:
    path: {{ eq .kind "worker" | ternary "/ready" "/live" }}
    port: {{ $port }}
  periodSeconds: {{ $probes.startupPeriodSeconds }}
  timeoutSeconds: {{ $probes.timeoutSeconds }}
  failureThreshold: {{ max 1 (div $probes.startupSeconds $probes.startupPeriodSeconds) }}
readinessProbe:
  httpGet:
    path: /ready
    port: {{ $port }}
  periodSeconds: {{ $probes.periodSeconds }}
  timeoutSeconds: {{ $probes.timeoutSeconds }}
livenessProbe:
  httpGet:
    path: /live
    port: {{ $port }}
  periodSeconds: {{ $probes.periodSeconds }}
  timeoutSeconds: {{ $probes.timeoutSeconds }}
  failureThreshold: {{ $probes.failureThreshold }}
{{- if eq .kind "server" }}
lifecycle:
  preStop:
    sleep:
      seconds: 5
{{- end }}
{{- end -}}
{{- end -}}

{{/* A part's own environment, beside the shared config map. */}}
{{- define "pairmill.env" -}}
{{- $root := .root -}}{{- $spec := .spec -}}{{- $kind := .kind -}}
{{- if ne $kind "job" -}}
- name: PAIRMILL_WORKER_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{ end -}}
{{- if or (eq $kind "worker") (eq $kind "coordinator") -}}
- name: PAIRMILL_PROBE_HOST
  value: "0.0.0.0"
- name: PAIRMILL_PROBE_PORT
  value: "8081"
{{ end -}}
{{- if eq $kind "server" -}}
- name: PAIRMILL_SERVER__HOST
  value: "0.0.0.0"
- name: PAIRMILL_SERVER__PORT
  value: {{ .ports.grpc | quote }}
- name: PAIRMILL_SERVER__HTTP_PORT
  value: {{ .ports.http | quote }}
{{ include "pairmill.secretEnv" (list $root "PAIRMILL_SERVER__API_KEY" .part $spec.auth $spec.auth.apiKeyKey) }}
{{ end -}}
{{- if eq .part "retriever" -}}
- name: PAIRMILL_RETRIEVER__MODEL
  value: {{ $spec.model | quote }}
- name: PAIRMILL_RETRIEVER__ALIAS
  value: {{ $spec.alias | quote }}
- name: PAIRMILL_RETRIEVER__ENGINE
  value: {{ $spec.engine }}
{{ end -}}
{{- if eq $kind "coordinator" -}}
- name: PAIRMILL_JOBS
  value: kubernetes
- name: PAIRMILL_KUBERNETES__NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: PAIRMILL_KUBERNETES__RELEASE
  value: {{ $root.Release.Name }}
- name: PAIRMILL_KUBERNETES__TEMPLATES
  value: /etc/pairmill/jobs
{{ end -}}
{{- if has "s3" $spec.reaches -}}
{{ include "pairmill.secretEnv" (list $root "PAIRMILL_S3__ACCESS_KEY" "s3" $root.Values.s3.auth $root.Values.s3.auth.accessKeyKey) }}
{{ include "pairmill.secretEnv" (list $root "PAIRMILL_S3__SECRET_KEY" "s3" $root.Values.s3.auth $root.Values.s3.auth.secretKeyKey) }}
{{ end -}}
{{- if has "redis" $spec.reaches -}}
{{ include "pairmill.secretEnv" (list $root "PAIRMILL_REDIS__URL" "redis" $root.Values.redis.auth $root.Values.redis.auth.urlKey) }}
{{ end -}}
{{- if and (has "qdrant" $spec.reaches) (or $root.Values.qdrant.bundled.enabled $root.Values.qdrant.auth.existingSecret) -}}
{{ include "pairmill.secretEnv" (list $root "PAIRMILL_QDRANT__API_KEY" "qdrant" $root.Values.qdrant.auth $root.Values.qdrant.auth.apiKeyKey) }}
{{ end -}}
{{- with $spec.llm -}}
- name: PAIRMILL_CHAT__BASE_URL
  value: http://{{ include "pairmill.host" (list $root (printf "llm-%s" .)) }}:8000/v1
{{ end -}}
{{- range $name, $value := $spec.env -}}
- name: {{ $name }}
  value: {{ $value | quote }}
{{ end -}}
{{- end -}}

{{/* (list $ NAME part auth key) */}}
{{- define "pairmill.secretEnv" -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      name: {{ include "pairmill.secretName" (list (index . 0) (index . 2) (index . 3)) }}
      key: {{ index . 4 }}
{{- end -}}
