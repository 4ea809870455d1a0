{{/* A gRPC server: Deployment, Service, PodDisruptionBudget: {root, part, ports} */}}
{{- define "pairmill.server" -}}
{{- $spec := get .root.Values .part -}}
{{- $name := include "pairmill.name" (list .root .part) -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels:
    {{- include "pairmill.labels" (list .root .part) | nindent 4 }}
spec:
  {{- if not (and $spec.autoscaling $spec.autoscaling.enabled) }}
  replicas: {{ $spec.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  selector:
    matchLabels:
      {{- include "pairmill.selector" (list .root .part) | nindent 6 }}
  template:
    {{- include "pairmill.pod" (dict "root" .root "part" .part "service" .part "spec" $spec "kind" "server" "ports" .ports) | nindent 4 }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels:
    {{- include "pairmill.labels" (list .root .part) | nindent 4 }}
  {{- with $spec.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- if eq $spec.service.type "Headless" }}
  clusterIP: None
  {{- else }}
  type: {{ $spec.service.type }}
  {{- end }}
  selector:
    {{- include "pairmill.selector" (list .root .part) | nindent 4 }}
  ports:
    - name: grpc
      port: {{ .ports.grpc }}
      targetPort: grpc
      appProtocol: kubernetes.io/h2c
    - name: http
      port: {{ .ports.http }}
      targetPort: http
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  labels:
    {{- include "pairmill.labels" (list .root .part) | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "pairmill.selector" (list .root .part) | nindent 6 }}
{{- end -}}
