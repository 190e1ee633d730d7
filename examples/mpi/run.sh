#!/bin/sh
# The command of a multi-instance task: one rank of PROGRAM, a common resource file, on each node of the task.
#   run.sh PROGRAM [ARGUMENTS]
# MPI_INTERFACE: the network interface that the nodes reach each other by; unset: as OpenMPI finds it.
set -eu
interface=''
[ -z "${MPI_INTERFACE:-}" ] || interface="--mca oob_tcp_if_include $MPI_INTERFACE --mca btl_tcp_if_include $MPI_INTERFACE"
# The path of the shared folder is another one on each node, so each node's shell looks it up.
# shellcheck disable=SC2086,SC2016
exec mpirun --mca plm_rsh_agent "python3 $AZ_BATCH_TASK_SHARED_DIR/launch_agent.py" --mca plm_rsh_no_tree_spawn 1 $interface \
  --host "$AZ_BATCH_HOST_LIST" -np "$(echo "$AZ_BATCH_HOST_LIST" | tr ',' '\n' | wc -l)" \
  /bin/sh -c 'exec "$AZ_BATCH_TASK_SHARED_DIR/$0" "$@"' "$@"
