/* SPDX-License-Identifier: MIT */
/* What a lease has come to, and calling those whose wait is over: see factor_entry.h. */
#include "server/work/factor_entry.h"

enum tid_lease_state tid_lease_state_of(const struct tid_lease *lease) {
    static const enum tid_lease_state states[] = {
        [TID_ENTRY_WAITING] = TID_LEASE_WAITING,
        [TID_ENTRY_COMPUTING] = TID_LEASE_COMPUTING,
        [TID_ENTRY_COMPLETE] = TID_LEASE_COMPLETE,
        [TID_ENTRY_EXPIRED] = TID_LEASE_EXPIRED,
        [TID_ENTRY_FAILED] = TID_LEASE_FAILED,
        [TID_ENTRY_CANCELLED] = TID_LEASE_FAILED, /* it has no lease */
    };
    if (lease->failed) return TID_LEASE_FAILED;
    return lease->entry ? states[lease->entry->state] : TID_LEASE_WAITING;
}

bool tid_lease_reaches(struct tid_lease *lease, enum tid_lease_state wanted) {
    const enum tid_lease_state state = tid_lease_state_of(lease);
    if (state == TID_LEASE_COMPLETE && wanted == state && !lease->holds) {
        lease->holds = true;
        lease->entry->holders++;
    }
    return state >= wanted;
}

void tid_entry_notify(struct tid_entry *entry) {
    struct tid_lease *lease;
    LIST_FOREACH(lease, &entry->leases, link) {
        void (*ready)(void *) = lease->ready;
        if (!ready || !tid_lease_reaches(lease, lease->wanted)) continue;
        lease->ready = NULL;
        ready(lease->argument);
    }
}
