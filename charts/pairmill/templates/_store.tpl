{{/*
A bundled store, for trials and small installations: one pod that keeps its data over restarts.
{root, part, spec (its bundled values), user, ports (name → number), mount, container (the rest of
the container), init (init containers), secrets (annotation)}
*/}}
{{- define "pairmill.store" -}}
{{- $root := .root -}}{{- $spec := .spec -}}
{{- $name := include "pairmill.name" (list $root .part) -}}
{{- $pool := include "pairmill.pool" (list $root .part $spec.pool) | fromYaml -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $name }}
  labels:
    {{- include "pairmill.labels" (list $root .part) | nindent 4 }}
spec:
  replicas: 1
  serviceName: {{ $name }}
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      {{- include "pairmill.selector" (list $root .part) | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "pairmill.selector" (list $root .part) | nindent 8 }}
        pairmill.io/kind: store
      annotations:
        pairmill.io/secrets: {{ include "pairmill.secretsDigest" $root }}
    spec:
      serviceAccountName: {{ include "pairmill.base" $root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 60
      {{- include "pairmill.podSecurity" 10001 | nindent 6 }}
      {{- with $root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with include "pairmill.placing" $pool }}{{ . | nindent 6 }}{{ end }}
      {{- with .init }}
      initContainers:
        {{- . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .part }}
          image: {{ include "pairmill.foreignImage" $spec.image | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          {{- include "pairmill.containerSecurity" . | nindent 10 }}
          {{- .container | nindent 10 }}
          ports:
            {{- range $port, $number := .ports }}
            - name: {{ $port }}
              containerPort: {{ $number }}
            {{- end }}
          resources:
            {{- toYaml $spec.resources | nindent 12 }}
          terminationMessagePolicy: FallbackToLogsOnError
          volumeMounts:
            - name: data
              mountPath: {{ .mount }}
            - name: tmp
              mountPath: /tmp
      volumes:
        - name: tmp
          emptyDir:
            sizeLimit: 256Mi
        {{- if not $spec.persistence.enabled }}
        - name: data
          emptyDir:
            sizeLimit: {{ $spec.persistence.size }}
        {{- end }}
  {{- if $spec.persistence.enabled }}
  volumeClaimTemplates:
    - metadata:
        name: data
        labels:
          {{- include "pairmill.selector" (list $root .part) | nindent 10 }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with $spec.persistence.storageClass }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests:
            storage: {{ $spec.persistence.size }}
  {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels:
    {{- include "pairmill.labels" (list $root .part) | nindent 4 }}
spec:
  selector:
    {{- include "pairmill.selector" (list $root .part) | nindent 4 }}
  ports:
    {{- range $port, $number := .ports }}
    - name: {{ $port }}
      port: {{ $number }}
      targetPort: {{ $port }}
    {{- end }}
{{- end -}}
