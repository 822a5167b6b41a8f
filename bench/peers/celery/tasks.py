"""A task that a timer starts: reads until nothing came for 3 minutes, writes each message by itself, commits every second.

As in the article that kafka-drain started from, but for `earliest` instead of `latest`: here the records are there before.
BENCH_SLEEP: seconds to sleep after each message; 2 in the article.
"""

import json
import os
import time

from celery import Celery
from kafka import KafkaConsumer
from pymongo import MongoClient

TASK = json.loads(os.environ["BENCH_TASK"])
SLEEP_SECONDS = float(os.environ.get("BENCH_SLEEP", "0"))
IDLE_MS = 180_000

app = Celery("tasks", broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": "queue",
    "data_folder_out": "queue",
    "control_folder": "control",
}
app.conf.task_ignore_result = True


@app.task(name="drain", time_limit=900)
def drain():
    collection = MongoClient(TASK["mongodb"], w="majority")[TASK["database"]][TASK["collection"]]
    consumer = KafkaConsumer(
        TASK["topic"],
        bootstrap_servers=TASK["kafka"],
        group_id=TASK["group"],
        auto_offset_reset="earliest",
        enable_auto_commit=True,
        auto_commit_interval_ms=1_000,
        consumer_timeout_ms=IDLE_MS,
    )
    try:
        for message in consumer:
            key = message.key.decode()
            collection.replace_one({"_id": key}, json.loads(message.value), upsert=True)
            if SLEEP_SECONDS > 0:
                time.sleep(SLEEP_SECONDS)
    finally:
        consumer.close()


if __name__ == "__main__":
    drain.delay()
