/* Each rank says where it is and adds its number to a sum that all of them make together. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  int rank = 0, size = 0, sum = 0;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  const char* node = getenv("AZ_BATCH_NODE_ID");
  printf("rank %d of %d on node %s: the ranks add up to %d\n", rank, size, node ? node : "?", sum);
  fflush(stdout);
  MPI_Finalize();
  return 0;
}
