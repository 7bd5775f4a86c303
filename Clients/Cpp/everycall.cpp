// A test of servers: calls every unary method of some .proto files with an empty request and prints the codes,
// or has a server of grpc.testing.TestService answer with every status.
//
// Usage: everycall SOCKET methods FILE.proto...
//        everycall SOCKET statuses

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <string>

#include "messages.grpc.pb.h"

namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MessageFactory;

void setDeadline(grpc::ClientContext &context) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

int callMethods(const std::shared_ptr<grpc::Channel> &channel, int count, char **files) {
    grpc::GenericStub stub(channel);
    for (int i = 0; i < count; ++i) {
        const auto *file = DescriptorPool::generated_pool()->FindFileByName(files[i]);
        if (file == nullptr) {
            std::cerr << "there is no file " << files[i] << "\n";
            return 64;
        }
        for (int s = 0; s < file->service_count(); ++s) {
            const auto *service = file->service(s);
            for (int m = 0; m < service->method_count(); ++m) {
                const auto *method = service->method(m);
                // Drain ends the server.
                if (method->client_streaming() || method->server_streaming() || method->name() == "Drain") continue;
                std::unique_ptr<google::protobuf::Message> request(
                    MessageFactory::generated_factory()->GetPrototype(method->input_type())->New());
                grpc::Slice bytes(request->SerializeAsString());
                grpc::ByteBuffer message(&bytes, 1), reply;
                grpc::ClientContext context;
                setDeadline(context);
                grpc::CompletionQueue queue;
                auto call = stub.PrepareUnaryCall(
                    &context, "/" + service->full_name() + "/" + method->name(), message, &queue);
                call->StartCall();
                grpc::Status status;
                call->Finish(&reply, &status, nullptr);
                void *tag;
                bool ok;
                queue.Next(&tag, &ok);
                std::cout << service->full_name() << "/" << method->name() << " " << status.error_code() << "\n";
            }
        }
    }
    return 0;
}

int getStatuses(const std::shared_ptr<grpc::Channel> &channel) {
    auto stub = grpc::testing::TestService::NewStub(channel);
    for (int code = 0; code <= 16; ++code) {
        for (const std::string text : {"", "a message", "\t\ntest with whitespace\r\nand ☺ and 😈\t\n"}) {
            grpc::testing::SimpleRequest request;
            request.set_response_size(10);
            if (code != 0) {
                request.mutable_response_status()->set_code(code);
                request.mutable_response_status()->set_message(text);
            }
            grpc::testing::SimpleResponse reply;
            grpc::ClientContext context;
            setDeadline(context);
            context.AddMetadata("x-grpc-test-echo-initial", "first");
            context.AddMetadata("x-grpc-test-echo-trailing-bin", std::string("\0\xab", 2));
            grpc::Status status = stub->UnaryCall(&context, request, &reply);
            const auto &initial = context.GetServerInitialMetadata();
            const auto &trailing = context.GetServerTrailingMetadata();
            auto before = initial.find("x-grpc-test-echo-initial");
            auto after = trailing.find("x-grpc-test-echo-trailing-bin");
            bool isRight = status.error_code() == code && (code == 0 || status.error_message() == text) &&
                           (code != 0 || reply.payload().body().size() == 10) && before != initial.end() &&
                           before->second == "first" && after != trailing.end() &&
                           after->second == grpc::string_ref("\0\xab", 2);
            if (!isRight) {
                std::cerr << code << " '" << text << "': got " << status.error_code() << " '"
                          << status.error_message() << "'\n";
                return 1;
            }
        }
    }
    std::cout << "ok\n";
    return 0;
}

}  // namespace

int main(int count, char **arguments) {
    std::string test = count > 2 ? arguments[2] : "";
    if (test != "methods" && test != "statuses") {
        std::cerr << "usage: everycall SOCKET methods FILE.proto... | statuses\n";
        return 64;
    }
    auto channel = grpc::CreateChannel(std::string("unix:") + arguments[1], grpc::InsecureChannelCredentials());
    return test == "methods" ? callMethods(channel, count - 3, arguments + 3) : getStatuses(channel);
}
