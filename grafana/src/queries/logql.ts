/** Log queries. Lines come by OTLP: the message is the line, all else is structured metadata. */

/** Lines of every service. */
export const everyService = '{service_name=~".+"}'

/** Lines of the chosen service and replicas that hold the text of the search box. */
export const chosenLines = '{service_name="$service"} | service_instance_id=~"$instance" |= `$search`'

/** Only what somebody should look at. */
export const failures = 'detected_level=~"error|fatal|critical"'

/** What a person needs to see without opening the line: the service, the request it belongs to, the exception. */
export const readable =
  'line_format "{{.service_instance_id}} {{if .http_route}}{{.http_request_method}} {{.http_route}} {{.http_response_status_code}} {{end}}{{__line__}}{{if .exception_message}}: {{.exception_message}}{{end}}"'

/** Lines per bar, by level. */
export const linesByLevel = (lines: string): string =>
  `sum by (detected_level) (count_over_time(${lines} [$__auto]))`
