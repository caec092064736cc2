{{/* Rules of the network policies. */}}

{{/* Takes "root" and "component". */}}
{{- define "steppe.peer" -}}
- podSelector:
    matchLabels:
      {{- include "steppe.selector" .root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Takes "root" and "port". */}}
{{- define "steppe.metricsRule" -}}
- from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {{ .root.Values.networkPolicy.monitoringNamespace }}
  ports:
    - { port: {{ .port }}, protocol: TCP }
{{- end }}

{{/* Takes "to" and "ports". The schema sees to it that neither is empty: an empty list would let everything out. */}}
{{- define "steppe.egressRule" -}}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    {{- range .ports }}
    - { port: {{ . }}, protocol: TCP }
    {{- end }}
{{- end }}

{{/* Names, the store, and what else the operator lets out. */}}
{{- define "steppe.egressCommon" -}}
{{- with .Values.networkPolicy.dns -}}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    - { port: {{ .port }}, protocol: UDP }
    - { port: {{ .port }}, protocol: TCP }
{{- end }}
{{ include "steppe.egressRule" .Values.networkPolicy.store }}
{{- range .Values.networkPolicy.extraEgress }}
{{ include "steppe.egressRule" . }}
{{- end }}
{{- end }}
