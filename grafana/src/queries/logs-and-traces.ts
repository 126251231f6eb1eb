/** Log queries. Lines come by OTLP: the message is the line, all else is structured metadata. */

/** Lines of every service. */
export const everyService = '{service_name=~".+"}'

/** Lines of the chosen service and replicas that hold the text of the search box. */
export const chosenLines = '{service_name="$service"} | service_instance_id=~"$instance" |= `$search`'

/** Only what somebody should look at; the reason of an error is often in the warning just before it. */
export const trouble = 'detected_level=~"warn|error|fatal|critical"'

const request =
  '{{.http_request_method}} {{or .http_route .url_path}} {{.http_response_status_code}} in {{round (mulf .http_server_request_duration 1000) 0}} ms: '

/** What a person needs to see without opening the line: the replica, the request, the message, the exception. */
export const readable = `line_format \`{{.service_instance_id}} {{if .http_request_method}}${request}{{end}}{{__line__}}{{if and .exception_message (ne .exception_message __line__)}}: {{.exception_message}}{{end}}\``

/** Lines per bar, by level. */
export const linesByLevel = (lines: string): string =>
  `sum by (detected_level) (count_over_time(${lines} [$__auto]))`

/** Trace queries, within what both Tempo and the embedded store answer. */

/** Requests that failed or took as long as the sampler calls slow: all of them are stored. */
export const slowOrFailed = '{ kind = server && (status = error || duration >= 500ms) }'

/** The same, for the chosen service. */
export const slowOrFailedOfService =
  '{ resource.service.name = "$service" && kind = server && (status = error || duration >= 500ms) }'

/** Messages whose processing failed or took as long as the sampler calls slow. */
export const slowOrFailedMessages = '{ kind = consumer && (status = error || duration >= 500ms) }'

/** Messages that are stored: the trace of each begins before the broker and ends behind it. */
export const storedMessages = '{ kind = consumer }'

/** Requests of the chosen service that are stored. */
export const requestsOfService = '{ resource.service.name = "$service" && kind = server }'
