// Ordered state that can be undone and written through: a Shelf is a map whose every change goes into the Journal
// of the call, which either undoes them all or hands them to the file.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/base/catalog_ref.h"

namespace datamesh::embedded::lake {

/// The part of a shelf that does not depend on its types: where it belongs, and its entries as text.
class ShelfBase {
 public:
  ShelfBase(CatalogRef catalog, std::string name) : catalog_(std::move(catalog)), name_(std::move(name)) {}
  virtual ~ShelfBase() = default;
  ShelfBase(const ShelfBase&) = delete;
  ShelfBase& operator=(const ShelfBase&) = delete;

  /// Empty account and region: the shelf is global.
  const CatalogRef& catalog() const { return catalog_; }
  const std::string& name() const { return name_; }

  /// Puts what a file holds, without a trace in the journal.
  virtual void load(std::string_view key, std::string_view value) = 0;
  /// The entry as the file shall hold it; nullopt when it is absent.
  virtual std::optional<std::string> stored(std::string_view key) const = 0;

 private:
  CatalogRef catalog_;
  std::string name_;
};

/// The changes of one call, in order. One thread at a time.
class Journal {
 public:
  struct Change {
    ShelfBase* shelf;
    std::string key;
    std::function<void()> undo;
  };

  void record(ShelfBase& shelf, std::string key, std::function<void()> undo) {
    changes_.push_back(Change{&shelf, std::move(key), std::move(undo)});
  }
  /// How far the call has come: for `undo_to`.
  std::size_t mark() const { return changes_.size(); }
  /// Takes back every change after `mark`, latest first.
  void undo_to(std::size_t mark) {
    while (changes_.size() > mark) {
      changes_.back().undo();
      changes_.pop_back();
    }
  }
  const std::vector<Change>& changes() const { return changes_; }
  /// Forgets the changes: they are in the file.
  void clear() { changes_.clear(); }

 private:
  std::vector<Change> changes_;
};

/// `Codec` gives the text forms (`key_text`, `key_of_text`, `value_text`, `value_of_text`) and the `Order` of keys.
template <class Key, class Value, class Codec>
class Shelf final : public ShelfBase {
 public:
  using Map = std::map<Key, Value, typename Codec::Order>;
  using Iterator = typename Map::const_iterator;

  Shelf(CatalogRef catalog, std::string name, Journal& journal, Codec codec = {})
      : ShelfBase(std::move(catalog), std::move(name)), journal_(journal), codec_(std::move(codec)) {}

  template <class Probe>
  const Value* find(const Probe& key) const {
    const auto found = map_.find(key);
    return found == map_.end() ? nullptr : &found->second;
  }
  Iterator begin() const { return map_.begin(); }
  Iterator end() const { return map_.end(); }
  template <class Probe>
  Iterator lower_bound(const Probe& key) const {
    return map_.lower_bound(key);
  }
  std::size_t size() const { return map_.size(); }

  void put(const Key& key, Value value) {
    auto found = map_.lower_bound(key);
    if (found != map_.end() && !typename Codec::Order()(key, found->first)) {
      Value before = std::exchange(found->second, std::move(value));
      journal_.record(*this, codec_.key_text(key),
                      [this, key, before = std::move(before)]() mutable { map_[key] = std::move(before); });
      return;
    }
    map_.emplace_hint(found, key, std::move(value));
    journal_.record(*this, codec_.key_text(key), [this, key] { map_.erase(key); });
  }

  /// False when there is nothing to erase.
  bool erase(const Key& key) {
    const auto found = map_.find(key);
    if (found == map_.end()) return false;
    Value before = std::move(found->second);
    map_.erase(found);
    journal_.record(*this, codec_.key_text(key),
                    [this, key, before = std::move(before)]() mutable { map_[key] = std::move(before); });
    return true;
  }

  void load(std::string_view key, std::string_view value) override {
    map_.insert_or_assign(codec_.key_of_text(key), codec_.value_of_text(value));
  }
  std::optional<std::string> stored(std::string_view key) const override {
    const auto found = map_.find(codec_.key_of_text(key));
    if (found == map_.end()) return std::nullopt;
    return codec_.value_text(found->second);
  }

 private:
  Map map_;
  Journal& journal_;
  Codec codec_;
};

/// Joins parts so that the joined text orders as the parts do, and a prefix of parts is a prefix of the text.
inline constexpr char kPartEnd = '\x1f';

inline std::string join_parts(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (const std::string_view& part : parts) {
    if (&part != parts.begin()) out += kPartEnd;
    out += part;
  }
  return out;
}

/// The part with the number `index`, from 0; empty when there are fewer.
inline std::string_view part_of(std::string_view text, std::size_t index) {
  for (; index > 0; --index) {
    const std::size_t end = text.find(kPartEnd);
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find(kPartEnd));
}

}  // namespace datamesh::embedded::lake
