{{/* The coordinator's pod, for the StatefulSet and the Deployment. */}}

{{- define "steppe.coordinatorPod" -}}
metadata:
  annotations:
    checksum/config: {{ include "steppe.coordinatorFile" . | sha256sum }}
    {{- with .Values.coordinator.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "steppe.labels" . | nindent 4 }}
    app.kubernetes.io/component: coordinator
    {{- with .Values.coordinator.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "steppe.podCommon" (dict "root" . "place" .Values.coordinator) | nindent 2 }}
  containers:
    - name: coordinator
      image: {{ include "steppe.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [coordinator, --config, /etc/steppe/config/coordinator.toml]
      {{- with include "steppe.coordinatorEnvironment" . | trim }}
      env:
        {{- . | nindent 8 }}
      {{- end }}
      {{- with .Values.store.credentialsSecret }}
      envFrom:
        - secretRef:
            name: {{ . }}
      {{- end }}
      ports:
        - { name: api, containerPort: 7070 }
        - { name: cluster, containerPort: 7071 }
        - { name: operations, containerPort: 7072 }
      {{- include "steppe.probes" . | nindent 6 }}
      resources:
        {{- toYaml .Values.coordinator.resources | nindent 8 }}
      securityContext:
        {{- include "steppe.containerSecurity" . | nindent 8 }}
      volumeMounts:
        - { name: config, mountPath: /etc/steppe/config, readOnly: true }
        - { name: tls, mountPath: /etc/steppe/tls, readOnly: true }
        {{- if ne .Values.token.source "jwksUrl" }}
        - { name: token, mountPath: /etc/steppe/token, readOnly: true }
        {{- end }}
        - { name: state, mountPath: /var/lib/steppe }
        - { name: scratch, mountPath: /var/cache/steppe }
        - { name: tmp, mountPath: /tmp }
  volumes:
    - name: config
      configMap:
        name: {{ include "steppe.fullname" . }}
        items:
          - { key: coordinator.toml, path: coordinator.toml }
    {{- include "steppe.tlsVolume" .Values.tls.coordinatorSecret | nindent 4 }}
    {{- if ne .Values.token.source "jwksUrl" }}
    - name: token
      secret:
        secretName: {{ .Values.token.secret }}
        defaultMode: 0440
        items:
          - { key: {{ .Values.token.item | quote }}, path: keys }
    {{- end }}
    {{- if .Values.coordinator.state.existingClaim }}
    - name: state
      persistentVolumeClaim:
        claimName: {{ .Values.coordinator.state.existingClaim }}
    {{- else if eq .Values.jobLog.kind "postgres" }}
    - name: state
      persistentVolumeClaim:
        claimName: {{ include "steppe.fullname" . }}-coordinator
    {{- end }}
    - name: scratch
      emptyDir:
        sizeLimit: {{ .Values.coordinator.scratch.size }}
    - name: tmp
      emptyDir:
        sizeLimit: 1Gi
{{- end }}

{{- define "steppe.coordinatorEnvironment" -}}
{{- if eq .Values.jobLog.kind "postgres" }}
- name: STEPPE_COORDINATOR_JOB_LOG
  valueFrom:
    secretKeyRef:
      name: {{ .Values.jobLog.postgres.secret }}
      key: {{ .Values.jobLog.postgres.item | quote }}
{{- end }}
{{- include "steppe.storeEnvironment" . }}
{{- end }}

{{- define "steppe.stateClaim" -}}
accessModes: [ReadWriteOnce]
{{- with .Values.coordinator.state.storageClass }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests:
    storage: {{ .Values.coordinator.state.size }}
{{- end }}
