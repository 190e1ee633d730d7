// The nodes this worker can give: so many of each class, some of them taken. An offer is one node
// that nobody speaks for.
#pragma once

#include "model/worker_message.h"

#include <string>
#include <string_view>
#include <vector>

namespace windlass::worker {

// Invariant: 0 <= free <= total, for each class.
class Offers {
 public:
  // `free` of each class is its size. Classes of the same name and kind are added together.
  explicit Offers(const std::vector<OfferClass>& classes);

  // Takes one offer that suits the size ("*" suits all; a class of that very name goes first).
  // Returns the class's name, or nothing.
  const std::string* take(std::string_view vm_size, bool dedicated);

  // Takes an offer of exactly this class: what the grant book says is in use. A class that the
  // configuration no longer has is made, with nothing free.
  void take_back_in_use(std::string_view class_name, bool dedicated);

  void give_back(std::string_view class_name, bool dedicated);

  std::vector<OfferClass> free_by_class() const;
  std::int64_t free_total() const;

 private:
  struct Class {
    std::string vm_size;
    bool dedicated = true;
    std::int64_t total = 0;
    std::int64_t used = 0;  // may pass total when the configuration shrank
    std::int64_t free() const { return used < total ? total - used : 0; }
  };
  Class* find(std::string_view class_name, bool dedicated);

  std::vector<Class> classes_;
};

}  // namespace windlass::worker
