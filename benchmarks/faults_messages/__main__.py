"""`python -m benchmarks.faults_messages`."""

from benchmarks.faults_messages.run import main

main()
