#!/usr/bin/env bash
# One training run on two machines of four GPUs: sbatch docs/slurm.sh finetune@jin2021-visual
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=8
#SBATCH --time=24:00:00
set -euo pipefail
cd "$SLURM_SUBMIT_DIR"
source .venv/bin/activate
# Lightning Fabric reads ranks and addresses from what srun sets. -K: a process that dies ends the others.
export NUM_NODES=$SLURM_NNODES DEVICES=$SLURM_NTASKS_PER_NODE
# A batch may leave heads out: DDP has to look for parameters without gradients.
export STRATEGY=ddp_find_unused_parameters_true
export LAUNCH="srun -K python"
dvc repro --single-item "$1"
