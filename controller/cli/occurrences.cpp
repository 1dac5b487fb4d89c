#include "controller/cli/occurrences.h"

#include "reconcilers/reasons.h"

namespace datamesh::cli {

kube::Occurrence occurrence_of(const engine::Transition& transition) {
  kube::Occurrence out;
  out.about = transition.about;
  out.uid = transition.uid;
  const bool on_its_way = transition.reason == reconcilers::reason::kProgressing;
  const bool warns = transition.status == "False" && !on_its_way;
  out.kind = warns ? kube::EventKind::Warning : kube::EventKind::Normal;
  out.reason = transition.reason;
  out.action = "Reconciling";
  out.note = transition.message;
  return out;
}

}  // namespace datamesh::cli
