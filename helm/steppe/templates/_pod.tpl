{{/* What pods of both kinds have in common. */}}

{{/* Takes "root" and "place", the values of coordinator or worker. */}}
{{- define "steppe.podCommon" -}}
serviceAccountName: {{ include "steppe.serviceAccount" .root }}
automountServiceAccountToken: false
# Kubernetes would set STEPPE_…_PORT and the like for services, and these would be taken for settings.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .place.terminationGracePeriodSeconds }}
securityContext:
  {{- include "steppe.podSecurity" .root | nindent 2 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .place.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .place.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .place.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* Kubelets do not verify the certificate. */}}
{{- define "steppe.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: operations, scheme: HTTPS }
  periodSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet: { path: /readyz, port: operations, scheme: HTTPS }
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 3
livenessProbe:
  httpGet: { path: /healthz, port: operations, scheme: HTTPS }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end }}

{{/* Credentials and addresses of the store. */}}
{{- define "steppe.storeEnvironment" -}}
{{- range $name, $value := .Values.store.environment }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Takes the name of the Secret. The group is the pod's; others can not read it. */}}
{{- define "steppe.tlsVolume" -}}
- name: tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - { key: ca.crt, path: ca.crt }
      - { key: tls.crt, path: tls.crt }
      - { key: tls.key, path: tls.key }
{{- end }}
