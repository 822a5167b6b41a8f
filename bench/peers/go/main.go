// A Kafka to MongoDB drain as it is written in Go by hand: franz-go, all partitions at once, bulk upserts of 1,000, a commit after
// the writes. It ends when it has read to the ends that the task names. Versions aren't compared: the last write wins.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

const perWrite = 1000

type task struct {
	Kafka, Mongodb, Topic, Group, Database, Collection string
	Ends                                               []int64
}

func main() {
	var t task
	if err := json.Unmarshal([]byte(os.Getenv("BENCH_TASK")), &t); err != nil {
		log.Fatal(err)
	}
	if err := drain(context.Background(), t); err != nil {
		log.Fatal(err)
	}
}

func drain(ctx context.Context, t task) error {
	client, err := mongo.Connect(options.Client().ApplyURI(t.Mongodb).SetWriteConcern(writeconcern.Majority()))
	if err != nil {
		return err
	}
	defer client.Disconnect(ctx)
	collection := client.Database(t.Database).Collection(t.Collection)

	consumer, err := kgo.NewClient(
		kgo.SeedBrokers(t.Kafka),
		kgo.ConsumerGroup(t.Group),
		kgo.ConsumeTopics(t.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
	)
	if err != nil {
		return err
	}
	defer consumer.CloseAllowingRebalance()

	open := map[int32]bool{}
	for partition, end := range t.Ends {
		if end > 0 {
			open[int32(partition)] = true
		}
	}
	for len(open) > 0 {
		fetches := consumer.PollFetches(ctx)
		if errs := fetches.Errors(); len(errs) > 0 {
			return fmt.Errorf("fetching: %w", errs[0].Err)
		}
		if err := writeAll(ctx, collection, fetches); err != nil {
			return err
		}
		if err := consumer.CommitUncommittedOffsets(ctx); err != nil {
			return err
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if n := len(p.Records); n > 0 && p.Records[n-1].Offset+1 >= t.Ends[p.Partition] {
				delete(open, p.Partition)
			}
		})
		consumer.AllowRebalance()
	}
	return nil
}

// One goroutine for each partition, so that the records of one id stay in order.
func writeAll(ctx context.Context, collection *mongo.Collection, fetches kgo.Fetches) error {
	var wait sync.WaitGroup
	var once sync.Once
	var failure error
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if err := write(ctx, collection, p.Records); err != nil {
				once.Do(func() { failure = err })
			}
		}()
	})
	wait.Wait()
	return failure
}

func write(ctx context.Context, collection *mongo.Collection, records []*kgo.Record) error {
	for len(records) > 0 {
		n := min(perWrite, len(records))
		models := make([]mongo.WriteModel, n)
		for i, record := range records[:n] {
			var document bson.D
			if err := bson.UnmarshalExtJSON(record.Value, false, &document); err != nil {
				return err
			}
			models[i] = mongo.NewReplaceOneModel().
				SetFilter(bson.D{{Key: "_id", Value: string(record.Key)}}).
				SetReplacement(document).
				SetUpsert(true)
		}
		// Ordered, since one id may be there twice.
		if _, err := collection.BulkWrite(ctx, models); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}
