# The tables' columns, in the order of the files. docs/tables.md says what each means.

locals {
  columns = {
    pages = [
      ["shard_id", "string"],
      ["document_id", "string"],
      ["source_uri", "string"],
      ["page_number", "int"],
      ["page_count", "int"],
      ["text", "string"],
      ["text_source", "string"],
      ["status", "string"],
      ["error_class", "string"],
      ["error_message", "string"],
      ["confidence", "float"],
      ["quality", "string"],
      ["word_count", "int"],
      ["words", "array<struct<text:string,left:int,top:int,width:int,height:int,confidence:float,line:int>>"],
      ["language", "string"],
      ["rotation_degrees", "float"],
      ["dpi", "int"],
      ["width_px", "int"],
      ["height_px", "int"],
      ["duration_ms", "bigint"],
      ["image_uri", "string"],
      ["note", "string"],
    ]

    documents = [
      ["shard_id", "string"],
      ["document_id", "string"],
      ["source_uri", "string"],
      ["source_etag", "string"],
      ["size_bytes", "bigint"],
      ["media_type", "string"],
      ["page_count", "int"],
      ["pages_succeeded", "int"],
      ["pages_failed", "int"],
      ["pages_blank", "int"],
      ["status", "string"],
      ["error_class", "string"],
      ["error_message", "string"],
      ["duration_ms", "bigint"],
      ["attempts", "int"],
      ["engine", "string"],
      ["engine_version", "string"],
      ["options_fingerprint", "string"],
      ["processed_at", "timestamp"],
      ["outputs", "array<struct<format:string,uri:string,size_bytes:bigint,error:string>>"],
    ]
  }
}
