{{/* The configuration files. Secrets are no part of them: the job log's URL comes by the environment. */}}

{{- define "steppe.filesTls" -}}
[tls]
authority = "/etc/steppe/tls/ca.crt"
certificate = "/etc/steppe/tls/tls.crt"
key = "/etc/steppe/tls/tls.key"
# A Secret's files belong to root, and are read by the pod's group.
allow_exposed_key = true
{{- end }}

{{- define "steppe.filesLog" -}}
[log]
format = {{ .Values.log.format | toJson }}
level = {{ .Values.log.level | toJson }}
{{- with .Values.trace.endpoint }}

[trace]
endpoint = {{ . | toJson }}
{{- end }}
{{- end }}

{{- define "steppe.coordinatorFile" -}}
[coordinator]
listen = {{ printf "%s:7070" .Values.listen | toJson }}
cluster_listen = {{ printf "%s:7071" .Values.listen | toJson }}
cluster_host = {{ include "steppe.clusterHost" . | toJson }}
operations_listen = {{ printf "%s:7072" .Values.listen | toJson }}
store = {{ .Values.store.url | toJson }}
{{- if eq .Values.jobLog.kind "sqlite" }}
job_log = "sqlite:///var/lib/steppe/jobs.db"
{{- end }}
audit_log = "/var/lib/steppe/audit.log"
scratch = "/var/cache/steppe/scratch"
allow = {{ .Values.store.allow | toJson }}
jobs_at_once = {{ .Values.coordinator.jobsAtOnce }}
memory = {{ .Values.coordinator.memory | toJson }}

{{ include "steppe.filesTls" . }}

[token]
issuer = {{ .Values.token.issuer | toJson }}
audience = {{ .Values.token.audience | toJson }}
{{- if eq .Values.token.source "key" }}
key = "/etc/steppe/token/keys"
{{- else if eq .Values.token.source "jwks" }}
jwks = "/etc/steppe/token/keys"
{{- else }}
jwks_url = {{ .Values.token.jwksUrl | toJson }}
{{- end }}

{{ include "steppe.filesLog" . }}
{{- end }}

{{- define "steppe.workerFile" -}}
[worker]
coordinator = {{ printf "%s:7071" (include "steppe.clusterHost" .) | toJson }}
task_port = 7080
operations_listen = {{ printf "%s:7081" .Values.listen | toJson }}
slots = {{ .Values.worker.slots }}
scratch = "/var/cache/steppe/scratch"
cache_memory = {{ .Values.worker.cache.memory | toJson }}
cache_disk = {{ .Values.worker.cache.disk | toString | toJson }}

{{ include "steppe.filesTls" . }}

{{ include "steppe.filesLog" . }}
{{- end }}
