"""The cost of hearing the reads of a job, beside the same job unheard."""
