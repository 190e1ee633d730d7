#include "model/node_user.h"

namespace windlass {

bool is_user_name(std::string_view name) {
  constexpr std::size_t kCharsMax = 32;
  constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyz_";
  constexpr std::string_view kAny = "abcdefghijklmnopqrstuvwxyz_0123456789-";
  return !name.empty() && name.size() <= kCharsMax &&
         kFirst.find(name.front()) != std::string_view::npos &&
         name.find_first_not_of(kAny) == std::string_view::npos;
}

}  // namespace windlass
