{{/* Sizes as numbers, to compare them. Takes 512MiB, 8GiB, 20Gi, 0. */}}

{{- define "steppe.mebibytes" -}}
{{- $text := toString . -}}
{{- $number := regexFind "^[0-9]+" $text | int64 -}}
{{- if regexMatch "Ti" $text -}}
{{- mul $number 1048576 -}}
{{- else if regexMatch "Gi" $text -}}
{{- mul $number 1024 -}}
{{- else -}}
{{- $number -}}
{{- end -}}
{{- end }}

{{/* What the schema can not say. */}}
{{- define "steppe.checkSizes" -}}
{{- $cache := include "steppe.mebibytes" .Values.worker.cache.disk | int64 -}}
{{- $scratch := include "steppe.mebibytes" .Values.worker.scratch.size | int64 -}}
{{- if ge $cache $scratch -}}
{{- fail (printf "worker.cache.disk (%s) must be below worker.scratch.size (%s), on which it lies" (toString .Values.worker.cache.disk) .Values.worker.scratch.size) -}}
{{- end -}}
{{- $memory := mul (include "steppe.mebibytes" .Values.coordinator.memory | int64) .Values.coordinator.jobsAtOnce -}}
{{- $limit := include "steppe.mebibytes" .Values.coordinator.resources.limits.memory | int64 -}}
{{- if ge $memory $limit -}}
{{- fail (printf "coordinator.resources.limits.memory (%s) must be above coordinator.memory (%s) times coordinator.jobsAtOnce (%d)" .Values.coordinator.resources.limits.memory .Values.coordinator.memory (int .Values.coordinator.jobsAtOnce)) -}}
{{- end -}}
{{- $tiles := include "steppe.mebibytes" .Values.worker.cache.memory | int64 -}}
{{- $limit = include "steppe.mebibytes" .Values.worker.resources.limits.memory | int64 -}}
{{- if ge $tiles $limit -}}
{{- fail (printf "worker.resources.limits.memory (%s) must be above worker.cache.memory (%s)" .Values.worker.resources.limits.memory .Values.worker.cache.memory) -}}
{{- end -}}
{{- if and .Values.worker.autoscaling.enabled (lt (int .Values.worker.autoscaling.maxReplicas) (int .Values.worker.autoscaling.minReplicas)) -}}
{{- fail (printf "worker.autoscaling.maxReplicas (%d) must not be below minReplicas (%d)" (int .Values.worker.autoscaling.maxReplicas) (int .Values.worker.autoscaling.minReplicas)) -}}
{{- end -}}
{{- end }}
