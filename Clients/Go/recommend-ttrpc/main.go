// Command recommend-ttrpc asks a Sidecart server for a slate by containerd's ttrpc client.
//
// Usage: recommend-ttrpc SOCKET USER ITEM...
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"github.com/containerd/ttrpc"

	sidecart "sidecart/v1"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: recommend-ttrpc SOCKET USER ITEM...")
	}
	conn, err := net.Dial("unix", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	client := ttrpc.NewClient(conn)
	defer client.Close()

	// The deadline goes with the call, so that the server does not work for nobody.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	request := &sidecart.RecommendRequest{
		Context: &sidecart.Context{UserId: os.Args[2], Basket: os.Args[3:]},
		K:       5,
	}
	var slate sidecart.RecommendResponse
	if err := client.Call(ctx, "sidecart.v1.Scoring", "Recommend", request, &slate); err != nil {
		log.Fatal(err)
	}
	for _, item := range slate.Items {
		fmt.Println(item.ItemId, item.Title, item.Score)
	}
}
