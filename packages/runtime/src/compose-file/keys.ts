/** Keys at the top of a compose file that are read. */
export const TOP_LEVEL_KEYS: readonly string[] = ['services', 'volumes']

/** Keys of a service that are read. */
export const SERVICE_KEYS: readonly string[] = `
  image command environment ports expose volumes depends_on profiles stop_signal stop_grace_period restart
  x-needs x-flushes-to x-stands-in-for`
  .trim()
  .split(/\s+/)

/**
 * Keys of a service that are left out: how its image is made, what a container is limited to and shut off from, what
 * Docker keeps of it. What decides which program runs or whom it reaches is not among them; nor is `networks`, whose
 * aliases are addresses.
 */
export const MEANINGLESS_WITHOUT_CONTAINERS: readonly string[] = `
  annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent container_name cpu_count cpu_percent
  cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset develop device_cgroup_rules domainname
  extra_hosts group_add healthcheck hostname init ipc isolation label_file labels logging mac_address mem_limit
  mem_reservation mem_swappiness memswap_limit oom_kill_disable oom_score_adj pid pids_limit platform privileged
  pull_policy read_only runtime security_opt shm_size stdin_open storage_opt sysctls tmpfs tty ulimits user
  userns_mode uts`
  .trim()
  .split(/\s+/)

/**
 * Whether a key is left out without a word.
 * @param path keys that lead to it from the top of the file, itself the last
 */
export function isLeftOut(path: readonly string[]): boolean {
  const key = path.at(-1) ?? ''
  if (path.length === 1) return key === 'name' || key === 'version' || key.startsWith('x-')
  if (path.length !== 3 || path[0] !== 'services') return false
  return MEANINGLESS_WITHOUT_CONTAINERS.includes(key) || (key.startsWith('x-') && !SERVICE_KEYS.includes(key))
}
