#include "controller/cli/program.h"

int main(int argc, char** argv) { return datamesh::cli::main(argc, argv); }
