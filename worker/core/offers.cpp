#include "worker/core/offers.h"

#include "model/assert.h"

namespace windlass::worker {

Offers::Offers(const std::vector<OfferClass>& classes) {
  for (const OfferClass& offered : classes) {
    WINDLASS_ASSERT(offered.free >= 0);
    const std::string name = lower_cased(offered.vm_size);
    Class* known = find(name, offered.dedicated);
    if (known == nullptr) known = &classes_.emplace_back(Class{name, offered.dedicated, 0, 0});
    known->total += offered.free;
  }
}

Offers::Class* Offers::find(std::string_view class_name, bool dedicated) {
  for (Class& c : classes_) {
    if (c.vm_size == class_name && c.dedicated == dedicated) return &c;
  }
  return nullptr;
}

const std::string* Offers::take(std::string_view vm_size, bool dedicated) {
  Class* found = find(lower_cased(vm_size), dedicated);
  if (found == nullptr || found->free() == 0) found = find("*", dedicated);
  if (found == nullptr || found->free() == 0) return nullptr;
  ++found->used;
  WINDLASS_ASSERT(found->used <= found->total);
  return &found->vm_size;
}

void Offers::take_back_in_use(std::string_view class_name, bool dedicated) {
  Class* found = find(class_name, dedicated);
  if (found == nullptr)
    found = &classes_.emplace_back(Class{std::string(class_name), dedicated, 0, 0});
  ++found->used;
}

void Offers::give_back(std::string_view class_name, bool dedicated) {
  Class* found = find(class_name, dedicated);
  WINDLASS_ASSERT(found != nullptr);
  WINDLASS_ASSERT(found->used > 0);
  --found->used;
}

std::vector<OfferClass> Offers::free_by_class() const {
  std::vector<OfferClass> out;
  for (const Class& c : classes_)
    out.push_back(OfferClass{c.vm_size, c.dedicated, static_cast<std::int32_t>(c.free())});
  return out;
}

std::int64_t Offers::free_total() const {
  std::int64_t total = 0;
  for (const Class& c : classes_) total += c.free();
  return total;
}

}  // namespace windlass::worker
