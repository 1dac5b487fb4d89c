// How the whole operator keeps pace with an AWS that throttles.
#pragma once

namespace datamesh::bench {

/// Prints, for 5, 20 and 100 calls a second of each account and service, how long a mesh takes to converge from nothing,
/// over HTTP on loopback, in proportion to the ideal: the most calls of one account to one service in an undisturbed run,
/// at that rate.
void throttled_meshes();

}  // namespace datamesh::bench
