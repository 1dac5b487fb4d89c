#include "controller/kube/protobuf.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <map>
#include <vector>

#include "controller/base/clock.h"
#include "controller/kube/base64.h"

namespace datamesh::kube {
namespace {

constexpr int kMaxDepth = 20;

/// The messages, each as "number name type". Types: s text, i integer, b boolean, y bytes as base64, t Time,
/// u MicroTime, j raw JSON, ms map of texts, my map of bytes, f FieldsV1, or the name of a message; a leading + for
/// repeated fields, a leading * for what belongs to the object itself.
const std::map<std::string_view, std::vector<std::string_view>>& messages() {
  static const std::map<std::string_view, std::vector<std::string_view>> kMessages = {
      {"ObjectMeta",
       {"1 name s", "2 generateName s", "3 namespace s", "4 selfLink s", "5 uid s", "6 resourceVersion s",
        "7 generation i", "8 creationTimestamp t", "9 deletionTimestamp t", "10 deletionGracePeriodSeconds i",
        "11 labels ms", "12 annotations ms", "13 ownerReferences +OwnerReference", "14 finalizers +s",
        "17 managedFields +ManagedFieldsEntry"}},
      {"OwnerReference",
       {"1 kind s", "3 name s", "4 uid s", "5 apiVersion s", "6 controller b", "7 blockOwnerDeletion b"}},
      {"ManagedFieldsEntry",
       {"1 manager s", "2 operation s", "3 apiVersion s", "4 time t", "6 fieldsType s", "7 fieldsV1 f", "8 subresource s"}},
      {"Namespace", {"1 metadata ObjectMeta", "2 spec NamespaceSpec", "3 status NamespaceStatus"}},
      {"NamespaceSpec", {"1 finalizers +s"}},
      {"NamespaceStatus", {"1 phase s"}},
      {"Secret", {"1 metadata ObjectMeta", "2 data my", "3 type s", "4 stringData ms", "5 immutable b"}},
      {"ConfigMap", {"1 metadata ObjectMeta", "2 data ms", "3 binaryData my", "4 immutable b"}},
      {"ServiceAccount",
       {"1 metadata ObjectMeta", "2 secrets +ObjectReference", "3 imagePullSecrets +LocalObjectReference",
        "4 automountServiceAccountToken b"}},
      {"LocalObjectReference", {"1 name s"}},
      {"ObjectReference",
       {"1 kind s", "2 namespace s", "3 name s", "4 uid s", "5 apiVersion s", "6 resourceVersion s", "7 fieldPath s"}},
      {"Lease", {"1 metadata ObjectMeta", "2 spec LeaseSpec"}},
      {"LeaseSpec",
       {"1 holderIdentity s", "2 leaseDurationSeconds i", "3 acquireTime u", "4 renewTime u", "5 leaseTransitions i",
        "6 strategy s", "7 preferredHolder s"}},
      {"v1/Event",
       {"1 metadata ObjectMeta", "2 involvedObject ObjectReference", "3 reason s", "4 message s", "5 source EventSource",
        "6 firstTimestamp t", "7 lastTimestamp t", "8 count i", "9 type s", "10 eventTime u", "11 series EventSeries",
        "12 action s", "13 related ObjectReference", "14 reportingComponent s", "15 reportingInstance s"}},
      {"events.k8s.io/v1/Event",
       {"1 metadata ObjectMeta", "2 eventTime u", "3 series EventSeries", "4 reportingController s",
        "5 reportingInstance s", "6 action s", "7 reason s", "8 regarding ObjectReference", "9 related ObjectReference",
        "10 note s", "11 type s", "12 deprecatedSource EventSource", "13 deprecatedFirstTimestamp t",
        "14 deprecatedLastTimestamp t", "15 deprecatedCount i"}},
      {"EventSource", {"1 component s", "2 host s"}},
      {"EventSeries", {"1 count i", "2 lastObservedTime u"}},
      {"DeleteOptions",
       {"1 gracePeriodSeconds i", "2 preconditions Preconditions", "3 orphanDependents b", "4 propagationPolicy s",
        "5 dryRun +s"}},
      {"Preconditions", {"1 uid s", "2 resourceVersion s"}},
      {"SelfSubjectAccessReview", {"1 metadata ObjectMeta", "2 spec SelfSubjectAccessReviewSpec"}},
      {"SelfSubjectAccessReviewSpec",
       {"1 resourceAttributes ResourceAttributes", "2 nonResourceAttributes NonResourceAttributes"}},
      {"SubjectAccessReview", {"1 metadata ObjectMeta", "2 spec SubjectAccessReviewSpec"}},
      {"LocalSubjectAccessReview", {"1 metadata ObjectMeta", "2 spec SubjectAccessReviewSpec"}},
      {"SubjectAccessReviewSpec",
       {"1 resourceAttributes ResourceAttributes", "2 nonResourceAttributes NonResourceAttributes", "3 user s",
        "4 groups +s", "6 uid s"}},
      {"ResourceAttributes",
       {"1 namespace s", "2 verb s", "3 group s", "4 version s", "5 resource s", "6 subresource s", "7 name s"}},
      {"NonResourceAttributes", {"1 path s", "2 verb s"}},
      {"SelfSubjectRulesReview", {"1 metadata ObjectMeta", "2 spec SelfSubjectRulesReviewSpec"}},
      {"SelfSubjectRulesReviewSpec", {"1 namespace s"}},
      {"SelfSubjectReview", {"1 metadata ObjectMeta"}},
      {"TokenReview", {"1 metadata ObjectMeta", "2 spec TokenReviewSpec"}},
      {"TokenReviewSpec", {"1 token s", "2 audiences +s"}},
  };
  return kMessages;
}

struct Field {
  std::string_view name;
  std::string_view type;
  bool repeated = false;
};

std::optional<Field> find_field(std::string_view message, std::uint64_t number) {
  const auto found = messages().find(message);
  if (found == messages().end()) return std::nullopt;
  for (std::string_view line : found->second) {
    const std::size_t first = line.find(' ');
    if (line.substr(0, first) != std::to_string(number)) continue;
    const std::size_t second = line.find(' ', first + 1);
    Field field{line.substr(first + 1, second - first - 1), line.substr(second + 1)};
    if (field.type.front() == '+') {
      field.repeated = true;
      field.type.remove_prefix(1);
    }
    return field;
  }
  return std::nullopt;
}

/// One field on the wire.
struct Token {
  std::uint64_t number = 0;
  int wire = 0;
  std::uint64_t integer = 0;
  std::string_view bytes;
};

class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}
  bool at_end() const { return rest_.empty(); }

  /// Nothing when the bytes are no protobuf.
  std::optional<Token> next() {
    const auto tag = varint();
    if (!tag) return std::nullopt;
    Token token{*tag >> 3, static_cast<int>(*tag & 7), 0, {}};
    switch (token.wire) {
      case 0: {
        const auto value = varint();
        if (!value) return std::nullopt;
        token.integer = *value;
        return token;
      }
      case 1: return take(8, token);
      case 2: {
        const auto length = varint();
        return length ? take(*length, token) : std::nullopt;
      }
      case 5: return take(4, token);
      default: return std::nullopt;
    }
  }

 private:
  std::optional<Token> take(std::uint64_t length, Token token) {
    if (length > rest_.size()) return std::nullopt;
    token.bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return token;
  }
  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

/// The seconds (1) and nanoseconds (2) of a time; null for a time that is not set.
Json read_time(std::string_view bytes, bool micro) {
  std::int64_t seconds = 0, nanos = 0;
  bool any = false;
  for (Reader reader(bytes); !reader.at_end();) {
    const auto token = reader.next();
    if (!token) return nullptr;
    any = true;
    (token->number == 1 ? seconds : nanos) = static_cast<std::int64_t>(token->integer);
  }
  constexpr std::int64_t kYear1 = -62135596800;  // Go's zero time
  constexpr std::int64_t kMost = 253402300799;
  if (!any || seconds <= kYear1 || seconds > kMost || nanos < 0 || nanos > 999'999'999) return nullptr;
  std::string text = to_rfc3339(Time(Millis(seconds * 1000)));
  if (!micro) return text;
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06dZ", static_cast<int>(nanos / 1000));
  text.pop_back();
  return text + fraction.data();
}

std::optional<Json> read_message(std::string_view message, std::string_view bytes, int depth);

/// One entry of a map: key (1) and value (2).
std::optional<std::pair<std::string, Json>> read_entry(std::string_view bytes, bool binary) {
  std::string key, value;
  for (Reader reader(bytes); !reader.at_end();) {
    const auto token = reader.next();
    if (!token || token->wire != 2) return std::nullopt;
    (token->number == 1 ? key : value) = std::string(token->bytes);
  }
  return std::pair(key, Json(binary ? base64_encode(value) : value));
}

std::optional<Json> read_value(const Field& field, const Token& token, int depth) {
  if (field.type == "i") return Json(static_cast<std::int64_t>(token.integer));
  if (field.type == "b") return Json(token.integer != 0);
  if (token.wire != 2) return std::nullopt;
  if (field.type == "s") return Json(std::string(token.bytes));
  if (field.type == "y") return Json(base64_encode(token.bytes));
  if (field.type == "t" || field.type == "u") return read_time(token.bytes, field.type == "u");
  if (field.type == "f") {
    const auto raw = Reader(token.bytes).next();
    auto fields = raw ? parse_json(raw->bytes) : Result<Json>(Json::object());
    return fields ? std::optional<Json>(std::move(*fields)) : std::nullopt;
  }
  return read_message(field.type, token.bytes, depth + 1);
}

std::optional<Json> read_message(std::string_view message, std::string_view bytes, int depth) {
  if (depth > kMaxDepth) return std::nullopt;
  Json object = Json::object();
  for (Reader reader(bytes); !reader.at_end();) {
    const auto token = reader.next();
    if (!token) return std::nullopt;
    const auto field = find_field(message, token->number);
    if (!field) continue;
    const std::string name(field->name);
    if (field->type == "ms" || field->type == "my") {
      auto entry = read_entry(token->bytes, field->type == "my");
      if (!entry) return std::nullopt;
      object[name][entry->first] = std::move(entry->second);
      continue;
    }
    auto value = read_value(*field, *token, depth);
    if (!value) return std::nullopt;
    if (field->repeated) {
      object[name].push_back(std::move(*value));
    } else if (!value->is_null() && !(value->is_string() && value->get_ref<const std::string&>().empty())) {
      object[name] = std::move(*value);
    }
  }
  return object;
}

bool is_utf8(const Json& value) {
  try {
    static_cast<void>(value.dump());
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

}  // namespace

Outcome<Json> read_protobuf(std::string_view bytes) {
  const Fault malformed = bad_request("unable to decode the body: it is no protobuf of a known kind");
  if (!bytes.starts_with(std::string_view("k8s\0", 4))) return fail(malformed);
  std::string version, kind;
  std::string_view raw;
  for (Reader reader(bytes.substr(4)); !reader.at_end();) {
    const auto token = reader.next();
    if (!token) return fail(malformed);
    if (token->number == 2) raw = token->bytes;
    if (token->number != 1) continue;
    for (Reader meta(token->bytes); !meta.at_end();) {
      const auto part = meta.next();
      if (!part) return fail(malformed);
      (part->number == 1 ? version : kind) = std::string(part->bytes);
    }
  }
  const std::string message = kind == "Event" ? version + "/" + kind : kind;
  auto object = messages().contains(message) ? read_message(message, raw, 0) : std::nullopt;
  if (!object || !is_utf8(*object)) return fail(malformed);
  (*object)["apiVersion"] = version;
  (*object)["kind"] = kind;
  return std::move(*object);
}

// ---- writing ------------------------------------------------------------------------------------------------------

void ProtobufWriter::varint(std::uint64_t value) {
  while (value >= 0x80) {
    out_ += static_cast<char>((value & 0x7f) | 0x80);
    value >>= 7;
  }
  out_ += static_cast<char>(value);
}

void ProtobufWriter::tag(int field, int wire) { varint(static_cast<std::uint64_t>(field) << 3 | static_cast<unsigned>(wire)); }

ProtobufWriter& ProtobufWriter::text(int field, std::string_view value) { return value.empty() ? *this : bytes(field, value); }

ProtobufWriter& ProtobufWriter::bytes(int field, std::string_view value) {
  tag(field, 2);
  varint(value.size());
  out_ += value;
  return *this;
}

ProtobufWriter& ProtobufWriter::integer(int field, std::int64_t value) {
  tag(field, 0);
  varint(static_cast<std::uint64_t>(value));
  return *this;
}

ProtobufWriter& ProtobufWriter::boolean(int field, bool value) { return value ? integer(field, 1) : *this; }

ProtobufWriter& ProtobufWriter::number(int field, double value) {
  tag(field, 1);
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) out_ += static_cast<char>(bits >> shift & 0xff);
  return *this;
}

}  // namespace datamesh::kube
