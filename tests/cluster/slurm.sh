#!/usr/bin/env bash
# The real engine: Slurm with a controller and two nodes on this machine runs an ensemble of eight seeds, the processes of one node are
# killed midway, and the saved model is compared with that of a single process, byte for byte.
#
# usage: tests/cluster/slurm.sh KSR [RUNS]      KSR: the built program; RUNS: how often, 1 unless given
#
# Needs root and Debian's packages of Slurm, which it installs. Where that is not possible it says so and ends with status 0.
set -euo pipefail

ksr=$(realpath "$1")
runs=${2:-1}

skip() { printf 'skipped: %s\n' "$*"; exit 0; }
if [ "$(id -u)" != 0 ]; then
  sudo -n true 2>/dev/null || skip 'Slurm is started as root'
  exec sudo -n "$(realpath "$0")" "$ksr" "$runs"
fi
for program in slurmctld slurmd srun munged; do
  if ! command -v "$program" >/dev/null; then
    command -v apt-get >/dev/null || skip "there is no $program, and no apt-get to install it with"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client munge; } >/dev/null 2>&1 ||
      skip 'the packages slurmctld, slurmd, slurm-client and munge could not be installed'
    break
  fi
done

here=$(mktemp -d)
stop() {
  for file in "$here"/run/*.pid; do [ -f "$file" ] && kill "$(cat "$file")" 2>/dev/null; done
  sleep 0.5
  rm -rf "$here"
}
trap stop EXIT
mkdir -p "$here"/{run,state,log,spool} /run/munge
cat > "$here/slurm.conf" <<CONF
ClusterName=ksr
SlurmctldHost=localhost
SlurmctldPort=26817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
MpiDefault=none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmctldPidFile=$here/run/controller.pid
SlurmdPidFile=$here/run/%n.pid
SlurmctldLogFile=$here/log/controller
SlurmdLogFile=$here/log/%n
StateSaveLocation=$here/state
SlurmdSpoolDir=$here/spool/%n
NodeName=one NodeHostname=localhost NodeAddr=127.0.0.1 Port=27001 CPUs=1
NodeName=two NodeHostname=localhost NodeAddr=127.0.0.1 Port=27002 CPUs=1
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$here/slurm.conf
# Keys of Munge are made when it is installed; where that could not start it, it is started now.
if ! munge -n >/dev/null 2>&1; then
  [ -f /etc/munge/munge.key ] || { head -c 1024 /dev/urandom > /etc/munge/munge.key; chmod 400 /etc/munge/munge.key; }
  chown -R munge: /etc/munge /run/munge /var/log/munge /var/lib/munge 2>/dev/null || true
  su -s /bin/sh munge -c munged || skip 'munged does not start'
  sleep 0.5
fi
slurmctld || skip 'slurmctld does not start'
slurmd -N one
slurmd -N two
for _ in $(seq 60); do [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 2 ] && break; sleep 0.5; done
[ "$(sinfo -h -t idle -o %D)" = 2 ] || { sinfo; skip 'the nodes do not become idle'; }

cat > "$here/seeds.ksr" <<'SCRIPT'
use std.losses
use std.networks (smooth_global)
let steps = 60
grid line = uniform(points: 257, spacing: 0.16 bohr)
system h2(R) on line { H at snap(-R / 2, line); H at snap(-R / 2, line) + R }
let model = train smooth_global {
  on:        [h2(1.28), h2(3.84)]
  loss:      losses.ksr()
  scf:       { iterations: 15, mixing: linear(0.5), symmetric: true }
  optimizer: lbfgs(steps: steps)
  seeds:     0 .. 7
}
model.seeds
[r.total_energy for r in solve([h2(R) for R in 0.96 .. 4.8 by 0.32], with: model)]
save(model, "model.ksr")
SCRIPT

# A single process.
mkdir "$here/alone"
cp "$here/seeds.ksr" "$here/alone"
(cd "$here/alone" && KSR_CACHE_DIR="$here/cache" "$ksr" run -q seeds.ksr > shown)

for run in $(seq "$runs"); do
  folder=$here/together-$run
  mkdir "$folder"
  cp "$here/seeds.ksr" "$folder"
  cd "$folder"
  # The node of process 0 goes on; that of process 1 loses its processes when some seeds are done.
  srun -N2 -n2 --kill-on-bad-exit=0 env RAYON_NUM_THREADS=1 \
    "$ksr" run -q --beat 1s --together "$folder/store" seeds.ksr > shown 2> told &
  step=$!
  killed=0
  for _ in $(seq 600); do
    kill -0 "$step" 2>/dev/null || break
    # 46 units in all: the seeds come after two exact answers.
    if [ "$(find "$folder/store/done" -type f 2>/dev/null | wc -l)" -ge $((3 + run % 4)) ]; then
      for pid in $(pgrep -f -- "--together $folder/store"); do
        if [ "$(tr '\0' '\n' < "/proc/$pid/environ" 2>/dev/null | sed -n 's/^SLURM_PROCID=//p')" = 1 ] && [ "$(readlink "/proc/$pid/exe")" = "$ksr" ]; then
          kill -KILL "$pid" && killed=1
        fi
      done
      break
    fi
    sleep 0.05
  done
  wait "$step" || true
  [ "$killed" = 1 ] || { cat told; echo 'nothing was killed'; exit 1; }
  cmp shown "$here/alone/shown"
  cmp model.ksr "$here/alone/model.ksr"
  printf 'run %s: one of two nodes was killed; the same model and output, byte for byte\n' "$run"
  "$ksr" status "$folder/store" | tail -n 2
  cd "$here"
done
