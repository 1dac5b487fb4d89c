#include "controller/cli/occurrences.h"

namespace datamesh::cli {

kube::Occurrence occurrence_of(const engine::Transition& transition) {
  kube::Occurrence out;
  out.about = transition.about;
  out.uid = transition.uid;
  out.kind = transition.status == "False" ? kube::EventKind::Warning : kube::EventKind::Normal;
  out.reason = transition.reason;
  out.action = "Reconciling";
  out.note = transition.message;
  return out;
}

}  // namespace datamesh::cli
