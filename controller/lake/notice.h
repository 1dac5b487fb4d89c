// What an event of EventBridge says about catalogs. Pure. Whoever can send to a queue can write such events, so they say
// where to look and nothing else.
//
//   {"source": "aws.glue", "detail-type": "Glue Data Catalog Table State Change",          who did it is not said
//    "account": …, "region": …, "time": …, "detail": {"typeOfChange": "UpdateTable", …}}
//   {"source": "aws.lakeformation", "detail-type": "AWS API Call via CloudTrail", …,
//    "detail": {"eventName": "GrantPermissions", "readOnly": false, "userIdentity": {"arn": …}, …}}
//
// Source: AWS Glue Developer Guide, "Automating AWS Glue with EventBridge"; EventBridge reference, "AWS Glue events";
// EventBridge User Guide, "AWS service events delivered via AWS CloudTrail"; CloudTrail User Guide, "CloudTrail record
// contents"; Lake Formation Developer Guide, "Logging AWS Lake Formation API calls using AWS CloudTrail"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/catalog_ref.h"
#include "controller/base/clock.h"
#include "controller/base/result.h"

namespace datamesh::lake {

struct Notice {
  std::vector<CatalogRef> catalogs;  ///< where something changed; empty: nothing that a snapshot holds
  std::string caller;                ///< the ARN of who did it: of a session where it was one; empty: not said
  std::optional<Time> when;

  bool operator==(const Notice&) const = default;
};

/// Reads the body of a message: an event of EventBridge, as it is or in a notification of SNS. Calls that only read, that
/// failed, or that touch what is not observed (partitions, jobs, crawlers) change no catalog.
/// Errors: Invalid for a body that is no such event, or that has no account and region. Never quotes it.
Result<Notice> read_notice(std::string_view body);

}  // namespace datamesh::lake
