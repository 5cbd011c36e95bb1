CREATE TABLE bench_stretch (
  name VARCHAR(190) NOT NULL PRIMARY KEY,
  starts TEXT NOT NULL,
  file VARCHAR(190) NOT NULL,
  ends BIGINT UNSIGNED NOT NULL
);;

CREATE TABLE quote_item (
  item_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  quote_id INT UNSIGNED NOT NULL,
  created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  product_id INT UNSIGNED,
  store_id SMALLINT UNSIGNED,
  sku VARCHAR(255),
  name VARCHAR(255),
  qty DECIMAL(12,4) NOT NULL DEFAULT 0,
  price DECIMAL(20,4) NOT NULL DEFAULT 0
) ENGINE=InnoDB;;

-- 10,000 products of the numbers 100,000 to 109,999, and the attributes that they have.
CREATE PROCEDURE make_products() BEGIN
  DECLARE i INT DEFAULT 0;
  DECLARE of_products INT DEFAULT (
    SELECT entity_type_id FROM eav_entity_type WHERE entity_type_code = 'catalog_product');
  START TRANSACTION;
  WHILE i < 10000 DO
    INSERT INTO catalog_product_entity (entity_id, attribute_set_id, type_id, sku)
      VALUES (100000 + i, 4, 'simple', CONCAT('bench-', i));
    SET i = i + 1;
  END WHILE;
  SET i = 0;
  WHILE i < 40 DO
    INSERT INTO eav_attribute
      (attribute_id, entity_type_id, attribute_code, backend_type, frontend_input, is_user_defined)
      VALUES (1000 + i, of_products, CONCAT('bench_', i),
        CASE WHEN i < 20 THEN 'varchar' WHEN i < 35 THEN 'int' ELSE 'decimal' END, 'text', 1);
    SET i = i + 1;
  END WHILE;
  COMMIT;
END;;

-- Whole products are saved in `blocks` transactions of `width` products, then once more with other
-- values, then their values are deleted.
CREATE PROCEDURE save_products(blocks INT, width INT) BEGIN
  DECLARE pass INT DEFAULT 0;
  DECLARE block INT;
  DECLARE a INT;
  DECLARE z INT;
  WHILE pass < 3 DO
    SET block = 0;
    WHILE block < blocks DO
      SET a = 100000 + block * width;
      SET z = a + width - 1;
      START TRANSACTION;
      CASE pass
        WHEN 0 THEN
          INSERT INTO catalog_product_entity_varchar (attribute_id, store_id, entity_id, value)
            SELECT attribute_id, 0, entity_id, CONCAT('Value ', attribute_id, ' of product ', entity_id)
            FROM catalog_product_entity JOIN eav_attribute
            WHERE entity_id BETWEEN a AND z AND attribute_id BETWEEN 1000 AND 1019;
          INSERT INTO catalog_product_entity_int (attribute_id, store_id, entity_id, value)
            SELECT attribute_id, 0, entity_id, entity_id * 7
            FROM catalog_product_entity JOIN eav_attribute
            WHERE entity_id BETWEEN a AND z AND attribute_id BETWEEN 1020 AND 1034;
          INSERT INTO catalog_product_entity_decimal (attribute_id, store_id, entity_id, value)
            SELECT attribute_id, 0, entity_id, entity_id / 7
            FROM catalog_product_entity JOIN eav_attribute
            WHERE entity_id BETWEEN a AND z AND attribute_id BETWEEN 1035 AND 1039;
        WHEN 1 THEN
          UPDATE catalog_product_entity_varchar SET value = CONCAT(value, ', changed')
            WHERE entity_id BETWEEN a AND z AND attribute_id BETWEEN 1000 AND 1019;
          UPDATE catalog_product_entity_int SET value = value + 1
            WHERE entity_id BETWEEN a AND z AND attribute_id BETWEEN 1020 AND 1034;
          UPDATE catalog_product_entity_decimal SET value = value + 1
            WHERE entity_id BETWEEN a AND z AND attribute_id BETWEEN 1035 AND 1039;
        ELSE
          DELETE FROM catalog_product_entity_varchar
            WHERE entity_id BETWEEN a AND z AND attribute_id BETWEEN 1000 AND 1019;
          DELETE FROM catalog_product_entity_int
            WHERE entity_id BETWEEN a AND z AND attribute_id BETWEEN 1020 AND 1034;
          DELETE FROM catalog_product_entity_decimal
            WHERE entity_id BETWEEN a AND z AND attribute_id BETWEEN 1035 AND 1039;
      END CASE;
      COMMIT;
      SET block = block + 1;
    END WHILE;
    SET pass = pass + 1;
  END WHILE;
END;;

-- Each statement is its own transaction: `count` inserts, twice as many updates, `count` deletes.
CREATE PROCEDURE save_values(count INT) BEGIN
  DECLARE pass INT DEFAULT 0;
  DECLARE i INT;
  DECLARE product INT;
  DECLARE attribute INT;
  WHILE pass < 4 DO
    SET i = 0;
    WHILE i < count DO
      SET product = 100000 + i MOD 10000;
      SET attribute = 1000 + i DIV 10000;
      CASE pass
        WHEN 0 THEN
          INSERT INTO catalog_product_entity_varchar (attribute_id, store_id, entity_id, value)
            VALUES (attribute, 0, product, CONCAT('Value ', i));
        WHEN 3 THEN
          DELETE FROM catalog_product_entity_varchar
            WHERE entity_id = product AND attribute_id = attribute AND store_id = 0;
        ELSE
          UPDATE catalog_product_entity_varchar SET value = CONCAT(value, ', changed')
            WHERE entity_id = product AND attribute_id = attribute AND store_id = 0;
      END CASE;
      SET i = i + 1;
    END WHILE;
    SET pass = pass + 1;
  END WHILE;
END;;

CREATE PROCEDURE fill_carts(count INT) BEGIN
  DECLARE i INT DEFAULT 0;
  WHILE i < count DO
    INSERT INTO quote_item (quote_id, product_id, store_id, sku, name, qty, price)
      SELECT i, entity_id, 1, sku, CONCAT('Item of ', sku), 1, entity_id / 100
      FROM catalog_product_entity WHERE entity_id BETWEEN 100000 AND 100999;
    SET i = i + 1;
  END WHILE;
END;;

CREATE PROCEDURE add_items(count INT) BEGIN
  DECLARE i INT DEFAULT 0;
  WHILE i < count DO
    INSERT INTO quote_item (quote_id, product_id, store_id, sku, name, qty, price)
      VALUES (i, i, 1, CONCAT('bench-', i), CONCAT('Item of bench-', i), 1, i / 100);
    SET i = i + 1;
  END WHILE;
END;;
