"""The statements of the embedded task queue."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update

from airavata_adapters.sqlite.prepared import Prepared
from airavata_adapters.sqlite.tables import dead_letters, messages

_this_delivery = (messages.c.number == bindparam("of_number")) & (messages.c.deliveries == bindparam("of_delivery"))
_waiting = (
    (messages.c.partition == bindparam("partition"))
    & (messages.c.queue == bindparam("queue"))
    & messages.c.holder.is_(None)
)

PUBLISH = Prepared(insert(messages))
ANY_WAITING = Prepared(select(literal_column("1")).select_from(messages).where(_waiting).limit(1))
FIRST_WAITING = Prepared(
    select(messages.c.rank, messages.c.number, messages.c.queue, messages.c.body, messages.c.deliveries)
    .where(_waiting)
    .order_by(messages.c.rank, messages.c.number)
    .limit(bindparam("at_most"))
)
CLAIM = Prepared(
    update(messages)
    .where(messages.c.number == bindparam("of_number"))
    .values(holder=bindparam("new_holder"), deliveries=messages.c.deliveries + literal_column("1"))
)
ACKNOWLEDGE = Prepared(delete(messages).where(_this_delivery))
HAND_BACK = Prepared(update(messages).where(_this_delivery).values(holder=bindparam("nobody")))
"""``nobody`` is ``None``."""
RELEASE = Prepared(
    update(messages).where(messages.c.holder == bindparam("dead_holder")).values(holder=bindparam("nobody"))
)
HOLDERS = Prepared(select(messages.c.holder).where(messages.c.holder.is_not(None)).distinct())
PARTITIONS = Prepared(select(messages.c.partition).distinct())
DROP_PARTITION = Prepared(delete(messages).where(messages.c.partition == bindparam("dead_partition")))
DEPTHS = Prepared(
    select(messages.c.queue, func.count())
    .where(messages.c.partition == bindparam("partition"), messages.c.holder.is_(None))
    .group_by(messages.c.queue)
    .order_by(messages.c.queue)
)
SET_ASIDE = Prepared(insert(dead_letters).inline())
DEAD_LETTERS = Prepared(
    select(dead_letters.c.queue, dead_letters.c.body, dead_letters.c.reason)
    .where(dead_letters.c.partition == bindparam("partition"))
    .order_by(dead_letters.c.number)
)
