// A small mesh in YAML that engine tests start from: one central account, a producer and a consumer.
#pragma once

#include <string>

namespace datamesh::testing {

inline constexpr const char* kCentralMesh = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Mesh
metadata: {name: mesh}
spec: {governance: Central, centralAccount: {namespace: governance, name: central}}
---
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: central, namespace: governance}
spec: {accountId: "100000000001", regions: [eu-west-1], roles: [Central]}
---
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: retail, namespace: retail}
spec:
  accountId: "100000000002"
  regions: [eu-west-1]
  roles: [Producer]
  personas: [{name: engineers, principals: ["arn:aws:iam::100000000002:role/engineer"]}]
---
apiVersion: datamesh.dev/v1alpha1
kind: Account
metadata: {name: analytics, namespace: analytics}
spec:
  accountId: "100000000003"
  regions: [eu-west-1]
  roles: [Consumer]
  personas: [{name: analysts, principals: ["arn:aws:iam::100000000003:role/analyst"]}]
)Y";

inline constexpr const char* kOrders = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: DataProduct
metadata: {name: orders, namespace: retail}
spec:
  account: retail
  database: orders
  owner: retail-team
  domain: retail
  location: s3://retail-data/orders
  tags: {domain: retail}
  deletionPolicy: Delete
  producerAccess: [{persona: engineers, permissions: [ALTER, INSERT, DESCRIBE]}]
  tables:
    - name: orders
      columns: [{name: id, type: bigint}, {name: customer, type: string}, {name: amount, type: "decimal(10,2)"}]
      partitionKeys: [{name: day, type: date}]
    - name: items
      columns: [{name: order_id, type: bigint}, {name: sku, type: string}]
)Y";

/// How every DataProduct of a test begins that is the orders: further fields of the spec follow.
inline const std::string kOrdersHead = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: DataProduct
metadata: {name: orders, namespace: retail}
spec:
  account: retail
  database: orders
  location: s3://retail-data/orders
)Y";

inline constexpr const char* kOrdersToAnalytics = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: orders-to-analytics, namespace: retail}
spec:
  product: {name: orders}
  to: {accounts: [{namespace: analytics, name: analytics}]}
)Y";

inline constexpr const char* kAnalysts = R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: ResourceLink
metadata: {name: orders, namespace: analytics}
spec: {account: analytics, product: {namespace: retail, name: orders}}
---
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: analysts, namespace: analytics}
spec:
  link: orders
  to: {personas: [{account: {name: analytics}, name: analysts}]}
)Y";

}  // namespace datamesh::testing
