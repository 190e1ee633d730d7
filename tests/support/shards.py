"""Which shard a pool or job is on, for tests that want one on a certain shard."""

SHARDS = 8  # of compose.yml; 64 of compose.control.yml


def shard_of(account, name, shards=SHARDS):
    """As model/ids.cpp has it; tests/cluster/upgrade.py checks it against a cluster."""
    mask, prime = (1 << 64) - 1, 0x100000001b3

    def fnv1a(hash_, text):
        for byte in text.encode():
            hash_ = (hash_ ^ byte) * prime & mask
        return hash_
    found = fnv1a(fnv1a(0xcbf29ce484222325, account) * prime & mask, name)
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53):
        found = (found ^ found >> 33) * factor & mask
    return (found ^ found >> 33) % shards


def name_on(shard, account, word, shards=SHARDS):
    return next(name for name in (f"{word}-{i}" for i in range(10000)) if shard_of(account, name, shards) == shard)
