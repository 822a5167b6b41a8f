"""Kafka to MongoDB with Spark Structured Streaming: everything that is there now, then the end (`AvailableNow`)."""

import json
import os

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, from_json

TASK = json.loads(os.environ["BENCH_TASK"])
ORDER = (
    "order INT, version INT, customer STRING, amount DOUBLE, "
    "lines ARRAY<STRUCT<sku: STRING, quantity: INT>>, paid BOOLEAN, note STRING"
)

spark = (
    SparkSession.builder.master("local[*]")
    .config("spark.driver.memory", "2g")
    .config("spark.driver.extraClassPath", os.environ["BENCH_JARS"])
    .config("spark.ui.enabled", "false")
    .getOrCreate()
)
records = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", TASK["kafka"])
    .option("subscribe", TASK["topic"])
    .option("startingOffsets", "earliest")
    .load()
)
documents = records.select(
    col("key").cast("string").alias("_id"),
    from_json(col("value").cast("string"), ORDER).alias("order_"),
).select("_id", "order_.*")
# The connector replaces the document of an `_id`, in the order of the partition.
query = (
    documents.writeStream.format("mongodb")
    .trigger(availableNow=True)
    .outputMode("append")
    .option("checkpointLocation", "checkpoint")
    .option("spark.mongodb.connection.uri", TASK["mongodb"])
    .option("spark.mongodb.database", TASK["database"])
    .option("spark.mongodb.collection", TASK["collection"])
    .option("operationType", "replace")
    .option("writeConcern.w", "majority")
    .option("maxBatchSize", "1000")
    .start()
)
query.awaitTermination()
spark.stop()
